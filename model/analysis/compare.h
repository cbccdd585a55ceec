#pragma once

#include "analysis/statistics.h"
#include "quant/network.h"
#include "quant/spec.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A candidate as it is written: `NAME[,keyword=value...]`; NAME is a Brevitas preset, a lab name or "file".
struct CandidateText {
    std::string text; ///< as given
    SlotSettings settings;
};
/// Errors (Usage): an unknown name or keyword, with the nearest known one.
Result<CandidateText> parseCandidate(const std::string &text);

/// What one candidate would do to a slot. Errors are weight errors, not accuracy.
struct CandidateResult {
    std::string name;
    SlotQuantizer slot;
    std::optional<SlotStatistics> figures; ///< nullopt when the scale is not finite or the slot has no quantizer
    std::string note; ///< why there are no figures

    std::uint64_t bits() const; ///< count * bit width
    std::uint64_t codesTotal() const; ///< size of the range; binary 2
    bool fixedExact() const; ///< one power-of-two scale and zero point 0
};

/// All candidates for one slot; the first is always "file".
struct SlotComparison {
    std::string layer, slot;
    bool againstQuantized = false; ///< the file holds only quantized values: errors are against those
    std::vector<CandidateResult> candidates;

    /// Positions of the candidates with the highest SQNR (an exact one is higher than any); empty when none has
    /// figures.
    std::vector<std::size_t> best() const;
};

struct CompareOptions {
    std::string slot = "weight";
    bool hash = false;
    /// Leave out what cannot be had for a slot (a preset whose scale must be trained) instead of an error.
    bool skipUnavailable = false;
};

/// Errors (Usage): an unknown layer, a slot without floats, a candidate that cannot be had; Parse; Cancelled.
Result<std::vector<SlotComparison>> compareCandidates(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, const CompareOptions &options = {}, const Progress &progress = {});

/// The candidates that the lab offers for a slot: every weight preset whose parameters follow from the weights alone or
/// are stored, at the file's width, and the lab's own.
std::vector<CandidateText> offeredCandidates(const SlotQuantizer &slot);

/// The same candidates at every width of [low, high].
std::vector<CandidateText> atWidths(const std::vector<CandidateText> &candidates, int low, int high);

} // namespace quantscope
