#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, also where other domains repeat them.
std::span<const OpRow> quantizeLinearOperators();

/// Codes at an input with their scale and zero point (absent: 0) at two others: the float32 values that they stand for,
/// the parameters along `axis` where they are several. Floats that another quantizer put there as they are.
at::Tensor dequantizedInput(
    const OpCall &call, std::size_t codes, std::size_t scale, std::size_t zeroPoint, std::int64_t axis);
/// saturate(round half to even(x / scale) + zero point), in the type of the zero point (absent: uint8).
at::Tensor quantizedOutput(const OpCall &call, const at::Tensor &x, std::size_t scale, std::size_t zeroPoint);
/// Codes less their zero point, as integers in float64.
at::Tensor shiftedCodes(const OpCall &call, std::size_t codes, std::size_t zeroPoint, std::int64_t axis);

} // namespace quantscope
