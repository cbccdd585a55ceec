#pragma once

#include "run/torch/op_arguments.h"

namespace quantscope {

/// How a window moves over the spatial axes, as ONNX' attributes say it, one number for each of these axes.
struct Window {
    Int64s kernel, strides, dilations;
    Int64s before, after; ///< padding
    std::int64_t reach(std::size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
    bool isSymmetric() const { return before == after; }
};

/// Reads and checks kernel_shape (of an operator with a weight its shape), strides, dilations, pads and auto_pad.
/// `sizes` are those of the spatial axes of the input.
Window windowOf(const OpCall &call, const Int64s &sizes, const Int64s &kernel);
/// The spatial sizes of N, C, spatial...
Int64s spatialSizes(const at::Tensor &x);
/// Pads, or crops where negative, the last axes by so many elements before and behind.
at::Tensor paddedBy(const at::Tensor &x, const Int64s &before, const Int64s &after, double value);
/// Channels last to channels first and back.
at::Tensor channelsFirst(const at::Tensor &x);
at::Tensor channelsLast(const at::Tensor &x);

/// Convolutions and products of matrices of ONNX, also with channels last (QONNX).
std::span<const OpRow> convolutionOperators();

} // namespace quantscope
