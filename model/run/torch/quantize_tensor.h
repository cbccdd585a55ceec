#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <vector>

#include <ATen/core/ivalue.h>

namespace quantscope {

/// A quantizer makes codes of numbers, by a rule that is known.
bool quantizesNumbers(const Quantizer &quantizer);

/// What a quantizer makes of data: dequantized values of its shape and element type, computed in float32 by the kernels
/// that candidates and exports use. Throws ParseError where its scales do not fit the shape.
at::Tensor quantizedValues(const at::Tensor &x, const Quantizer &quantizer);
/// The same of each of several pieces: elements of one shape are quantized together, which changes no bit of them.
std::vector<at::Tensor> quantizedPieces(const std::vector<at::Tensor> &pieces, const Quantizer &quantizer);
/// The codes: float32, whole numbers.
at::Tensor quantizedCodes(const at::Tensor &x, const Quantizer &quantizer);
/// (code - zero point) * scale of codes of any type, float32.
at::Tensor dequantizedValues(const at::Tensor &codes, const Quantizer &quantizer);

/// The numbers of a value that flows, float32: of codes what they stand for. Nothing where it is no tensor of numbers.
std::optional<at::Tensor> floatsIn(const c10::IValue &value, const Quantizer *quantizer);

/// The values of a slot with a tensor, float32 and of the tensor's shape: dequantized, and of a slot without a
/// quantizer the tensor's own. Throws ParseError.
at::Tensor slotValues(const SlotQuantizer &slot);

} // namespace quantscope
