#pragma once

#include "base/error.h"
#include "dialects/brevitas/spec.h"
#include "quant/quantizer.h"

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
