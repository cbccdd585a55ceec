#pragma once

#include "base/error.h"
#include "dialects/brevitas/spec.h"
#include "quant/quantizer.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// The threshold that a candidate for an activation takes from the magnitudes that flow into it: `range=max`, or a
/// percentile as `range=99.9`.
struct DataRange {
    double percent = 100; ///< 100: the largest magnitude
    bool operator==(const DataRange &) const = default;
};

/// A candidate as it is written: `NAME[,keyword=value...]`; NAME is a Brevitas preset, a lab name or "file".
struct CandidateText {
    std::string text; ///< as given
    SlotSettings settings;
    std::optional<DataRange> range = {}; ///< what the settings still lack
};
/// Errors (Usage): an unknown name or keyword, with the nearest known one; a keyword without effect or given twice.
Result<CandidateText> parseCandidate(const std::string &text);

/// The candidate as it is where data gave its threshold: `range` is a constant then. Its text stays as given.
CandidateText withRange(CandidateText candidate, float threshold);
/// The candidate as its settings say it: what a recipe or `run --with` takes, without data.
std::string settingsText(const SlotSettings &settings);

/// Numbers of the quantizer were trained or searched and stand in the file: only the file's own can be shown.
bool needsStored(const QuantizerSpec &spec);

/// The candidates that the lab offers for a slot: every preset of that Brevitas version whose parameters follow from
/// the values alone (of biases also those that follow from weight and input), at the file's width, and the lab's own.
std::vector<CandidateText> offeredCandidates(const SlotQuantizer &slot, int version = kDefaultVersion);

/// The same for a slot of activations: from the threshold that the file stores (`storesThreshold`), in fixed point of
/// its width, and with data (`hasData`) from what flows in.
std::vector<CandidateText> offeredActivations(const SlotQuantizer &slot, bool storesThreshold, bool hasData);

/// What an offered candidate is, whatever the width of its slot: "Int8WeightPerTensorFloat", "ap_fixed<W,I-1>". The
/// same for the same offer to slots of other widths.
std::string offerName(const SlotQuantizer &slot, const CandidateText &candidate);

/// The same candidates at every width of [low, high]; those without a width of their own choice once, "file" not.
std::vector<CandidateText> atWidths(const std::vector<CandidateText> &candidates, int low, int high);

/// A candidate without its width: "Int8WeightPerTensorFloat", "ap_fixed<W,0>".
std::string candidateFamily(const std::string &name);

} // namespace quantscope
