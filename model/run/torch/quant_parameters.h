#pragma once

#include "quant/quantizer.h"
#include "run/torch/op_table.h"

namespace quantscope {

/// Scales or zero points that broadcast against a tensor of that many axes, as numpy has it. Throws RunError where they
/// differ along several axes.
Granular broadcastParameter(const at::Tensor &values, std::int64_t rank);
/// One for each slice along an axis, or one for all.
Granular axisParameter(const at::Tensor &values, std::int64_t axis, std::int64_t rank);

/// Throws RunError: no whole number in that range.
int wholeNumber(const OpCall &call, std::size_t input, const char *what, int low, int high);
float oneNumber(const OpCall &call, std::size_t input, const char *what);

/// Of QONNX: names in any case, unknown ones are a RunError.
Rounding roundingOf(const OpCall &call, const std::string &attribute, Rounding missing);
bool flagOf(const OpCall &call, const std::string &attribute, bool missing);
/// QONNX's quantizer of scale, zero point and bit width at three inputs from `first` on; attributes begin with
/// `prefix`.
Quantizer affineOf(const OpCall &call, std::size_t first, const std::string &prefix, std::int64_t rank);

/// The element type of an input as the file has it; of a computed one libtorch's.
DType typeOfInput(const OpCall &call, std::size_t position);
/// Limits of an integer type's codes. Throws RunError for another type.
CodeRange rangeOf(DType dtype);

} // namespace quantscope
