#pragma once

#include "analysis/statistics.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope {

/// What one run of elements with one scale adds to the figures.
struct RunFigures {
    float codesMin = 0, codesMax = 0; ///< of the finite codes; infinities when there is none
    std::uint64_t atLimit = 0;
    std::uint64_t clipped = 0;
    std::uint64_t zeroed = 0;
    std::uint64_t nonFinite = 0; ///< floats, or codes, that are not finite
};

/// Clamps unclamped codes in place to [low, high] and counts.
void clampAndCount(std::span<float> codes, float low, float high, RunFigures &figures);

/// Adds the error of values = (code - zeroPoint) * scale against x; also counts zeroed and non-finite floats. Sums are
/// float64 in eight lanes that are joined in a fixed order, so the result depends on the data alone. What is not finite
/// is left out.
void addError(std::span<const float> x, std::span<const float> codes, float zeroPoint, float scale,
    QuantizationError &error, RunFigures &figures);

/// Adds |x| of every element to its power-of-two bar.
class BitWeightCounter {
public:
    BitWeightCounter();
    void add(std::span<const float> x);
    BitWeightHistogram result();

private:
    std::vector<std::uint32_t> m_tables; ///< four tables side by side: neighbours rarely wait for the same counter
    BitWeightHistogram m_total;
    std::uint64_t m_pending = 0;
    void flush();
};

/// Counts codes of [first, first + bins * width); width is a power of two.
class CodeCounter {
public:
    /// At most 65,536 bins; wide words are binned.
    CodeCounter(std::int64_t lowest, std::int64_t highest);
    void add(std::span<const float> codes);
    void add(std::span<const std::int64_t> codes);
    CodeHistogram result();

private:
    void count(std::int64_t code);
    std::int64_t m_first = 0;
    unsigned m_shift = 0;
    std::size_t m_bins = 0;
    std::vector<std::uint64_t> m_counts;
    void flush();
    std::vector<std::int32_t> m_positions;
    std::vector<std::uint32_t> m_narrow; ///< four tables side by side, each with one place for NaN
    std::uint64_t m_pending = 0;
};

} // namespace quantscope
