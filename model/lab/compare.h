#pragma once

#include "analysis/statistics.h"
#include "dialects/brevitas/spec.h"
#include "network/network.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A candidate as it is written: `NAME[,keyword=value...]`; NAME is a Brevitas preset, a lab name or "file".
struct CandidateText {
    std::string text; ///< as given
    SlotSettings settings;
};
/// Errors (Usage): an unknown name or keyword, with the nearest known one; a keyword without effect or given twice.
Result<CandidateText> parseCandidate(const std::string &text);

/// What one candidate would do to a slot. Errors are weight errors, not accuracy.
struct CandidateResult {
    std::string name;
    SlotSettings settings = {}; ///< what its name says; nothing for "file"
    SlotQuantizer slot;
    std::optional<SlotStatistics> figures; ///< nullopt when the scale is not finite or the slot has no quantizer
    std::string note; ///< why there are no figures

    std::uint64_t bits() const; ///< count * bit width
    std::uint64_t codesTotal() const; ///< size of the range; binary 2
    bool fixedExact() const; ///< one power-of-two scale and zero point 0
};

/// A candidate that cannot be had for a slot, and why.
struct Unavailable {
    std::string name, reason;
};

/// All candidates for one slot; the first is always "file".
struct SlotComparison {
    std::string layer;
    Slot slot = Slot::Weight;
    bool againstQuantized = false; ///< the file holds only quantized values: errors are against those
    std::vector<CandidateResult> candidates;
    std::vector<Unavailable> unavailable; ///< with CompareOptions::skipUnavailable

    /// Places by SQNR, 1 the highest; an exact candidate is above any, equals share a place. 0: no SQNR, no place.
    std::vector<std::size_t> ranks() const;
    /// Positions of those in the first place.
    std::vector<std::size_t> best() const;
};

struct CompareOptions {
    Slot slot = Slot::Weight;
    bool hash = false;
    /// List what cannot be had for a slot (a preset whose scale must be trained) as unavailable instead of an error.
    bool skipUnavailable = false;
};

/// The layers whose slot holds values that can be compared.
std::vector<std::string> comparableLayers(const Network &network, Slot slot);

/// Errors (Usage): an unknown layer, a slot without floats, a candidate that cannot be had; Parse; Cancelled.
Result<std::vector<SlotComparison>> compareCandidates(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, const CompareOptions &options = {}, const Progress &progress = {});

/// The Brevitas version that a recipe speaks of, or the assumed one.
int versionOf(const Recipe &recipe);

/// Numbers of the quantizer were trained or searched and stand in the file: only the file's own can be shown.
bool needsStored(const QuantizerSpec &spec);

/// The candidates that the lab offers for a slot: every preset of that Brevitas version whose parameters follow from
/// the values alone (of biases also those that follow from weight and input), at the file's width, and the lab's own.
std::vector<CandidateText> offeredCandidates(const SlotQuantizer &slot, int version = kDefaultVersion);

/// The same candidates at every width of [low, high]; those without a width of their own choice once, "file" not.
std::vector<CandidateText> atWidths(const std::vector<CandidateText> &candidates, int low, int high);

/// A candidate without its width: "Int8WeightPerTensorFloat", "ap_fixed<W,0>".
std::string candidateFamily(const std::string &name);

} // namespace quantscope
