#pragma once

#include "dialects/onnx/finn_type.h"
#include "dialects/onnx/walk.h"

#include <optional>
#include <string>

namespace quantscope::interpret {

/// What an operator that counts thresholds says: y = scale * #{t <= x} + bias, with one row of thresholds a channel or
/// one for all.
struct ThresholdFacts {
    std::string type; ///< of y, or of the count, by its FINN name
    std::string typeSaid; ///< where: "MultiThreshold node X, attribute out_dtype"
    float scale = 1, bias = 0;
    std::string scaleSaid, biasSaid; ///< where; no scale is said by layers of the hardware
    std::string tensor; ///< name of the thresholds, empty where they are computed
    std::optional<std::int64_t> channels, steps; ///< nothing where the file does not store them as a matrix
};
/// Source: qonnx, custom_op/general/multithreshold.py; FINN, custom_op/fpgadataflow. Throws ParseError for attributes
/// that are missing or no numbers.
ThresholdFacts thresholdFactsOf(Constants &constants, const Node &node);

struct ThresholdCodes {
    Quantizer quantizer; ///< without origins; of fields that are not known, none
    std::int64_t offset = 0; ///< code - count
};
/// The codes are y / scale where those are values of the type, as FINN has it; else they are the count.
ThresholdCodes thresholdCodesOf(const ThresholdFacts &facts, const FinnType &type);

/// "code = (number of thresholds t <= x) - 8\nthresholds t: 15 a channel, 'T' of 64 channels".
std::string thresholdFormula(const ThresholdFacts &facts, const ThresholdCodes &codes);

} // namespace quantscope::interpret
