#pragma once

#include "analysis/analyse.h"
#include "analysis/figure_kernels.h"
#include "analysis/hashes.h"
#include "analysis/histogram_kernels.h"
#include "analysis/pieces.h"
#include "quant/code_reader.h"
#include "quant/kernels.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <tbb/cache_aligned_allocator.h>

namespace quantscope {

/// What a run of elements with one scale, of one channel where channels are asked for, adds.
struct RunOutcome {
    std::uint64_t channel = 0;
    ValueRange range; ///< of the floats, else of the values; only where channels are asked for
    RunFigures figures;
    QuantizationError error; ///< only counts where the file has no floats
};

/// What a piece adds, apart from its histograms. Its sums are added up run by run in file order.
struct PieceOutcome {
    ValueRange range; ///< of the floats, else of the values
    std::vector<RunOutcome> runs; ///< without floats only where channels are asked for
    // Where the file has only codes:
    std::int64_t codesMin = std::numeric_limits<std::int64_t>::max();
    std::int64_t codesMax = std::numeric_limits<std::int64_t>::min();
    std::uint64_t atLimit = 0, nonFinite = 0;
};

/// The codes of a slot, piece by piece, with what it needs to read them: one for each thread.
class PieceAnalysis {
public:
    PieceAnalysis(const SlotQuantizer &slot, const AnalysisOptions &options);
    /// Reads elements [begin, begin + count), at most kPiece.
    PieceOutcome read(std::uint64_t begin, std::uint64_t count);

    const CodeReader &reader() const { return m_reader; }
    const ChannelMap &channels() const { return m_channels; }
    BitWeightCounter &bits() { return m_bits; }
    CodeCounter &codes() { return m_codeCounter; }
    const CodeCounter &codes() const { return m_codeCounter; }
    Hashes &hashes() { return m_hashes; }

private:
    void fromFloats(std::uint64_t begin, std::span<float> x, PieceOutcome &out);
    RunOutcome floatRun(
        std::uint64_t element, std::span<const float> x, std::span<float> codes, const CodeParameters &parameters);
    void fromCodes(std::uint64_t begin, std::span<float> values, PieceOutcome &out);
    void addCodeRuns(std::uint64_t begin, std::span<const float> values, PieceOutcome &out);

    AnalysisOptions m_options;
    CodeReader m_reader;
    CodeRange m_range;
    ChannelMap m_channels;
    CodeCounter m_codeCounter;
    BitWeightCounter m_bits;
    Hashes m_hashes;
    using Floats = std::vector<float, tbb::cache_aligned_allocator<float>>; ///< kernels load whole cache lines
    Floats m_x, m_codes, m_values;
    std::vector<std::int64_t> m_integers;
};

} // namespace quantscope
