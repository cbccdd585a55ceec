#pragma once

#include "tensor/tensor.h"

#include <span>
#include <vector>

namespace quantscope {

/// One number for a whole tensor, or one for each slice along an axis of it.
struct ElementFactors {
    std::vector<float> values;
    std::uint64_t inner = 1; ///< elements from one slice to the next
    /// Of the element at a flat row-major position.
    float at(std::uint64_t flat) const { return values.size() == 1 ? values[0] : values[flat / inner % values.size()]; }
};

/// What weight norm multiplies the direction by: g / |v|, per slice of the axis along which `g` is long, over the whole
/// of `v` where g has no axes. float32, as `_weight_norm` of torch 1.13 computes it. Throws ParseError.
ElementFactors weightNormFactors(const TensorInfo &direction, const TensorInfo &g);

/// What spectral norm divides a weight by in evaluation: u . (W v), W with the rows along the axis that the vectors fit
/// (where two do, the larger value: the vectors are the singular ones). Summed in float64. Throws ParseError.
ElementFactors spectralNorm(const TensorInfo &weight, const TensorInfo &left, const TensorInfo &right);

/// What a batch norm multiplies each slice of the first axis by: gamma / sqrt(variance + 1e-5), the epsilon that torch
/// takes unless told otherwise and that no checkpoint holds. Throws ParseError.
ElementFactors batchNormFactors(const TensorInfo &weight, const TensorInfo &gamma, const TensorInfo &variance);

} // namespace quantscope
