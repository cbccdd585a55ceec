#pragma once

#include "run/torch/op_table.h"

#include <ATen/core/Tensor.h>

#include <exception>
#include <string>

namespace quantscope {

using OpValues = std::vector<c10::IValue>;
using Int64s = std::vector<std::int64_t>;

/// What operators read of a call. All throw RunError when what they ask for is not there or is of another kind.
bool isGiven(const OpCall &call, std::size_t position);
/// An undefined tensor where it is absent.
at::Tensor optionalTensor(const OpCall &call, std::size_t position);
/// The elements of a small tensor of integers, in order.
Int64s integersArgument(const OpCall &call, std::size_t position);
std::int64_t integerArgument(const OpCall &call, std::size_t position);
double realArgument(const OpCall &call, std::size_t position);

Int64s integersAttribute(const OpCall &call, std::string_view name, Int64s missing = {});
double realAttribute(const OpCall &call, std::string_view name, double missing);
std::string textAttribute(const OpCall &call, std::string_view name, std::string missing);
/// What older opsets say by an attribute and newer ones by an input; empty where neither is there.
Int64s integersOf(const OpCall &call, std::string_view attribute, std::size_t input);

/// An axis that may count from the end, as one in [0, rank).
std::int64_t axisOf(std::int64_t axis, std::int64_t rank);
Int64s axesOf(const Int64s &axes, std::int64_t rank);
/// Sizes, strides and paddings of files: in [least, 2^31), so that no sum or product of two of them overflows.
void requireSizes(std::span<const std::int64_t> sizes, std::int64_t least, std::string_view what);
/// Throws when a tensor of that shape has more than `kMostElements` elements: what a few bytes of a file ask for.
void requireElements(std::span<const std::int64_t> shape);

/// The element type of ONNX' TensorProto.DataType. torch has no uint16 and uint32: they are held in the next wider
/// type. Throws for what cannot be held.
c10::ScalarType onnxScalarType(std::int64_t onnxType);

OpValues oneValue(at::Tensor value);

/// An operator that is a function of its first input.
template <at::Tensor (*function)(const at::Tensor &)> OpValues ofOneTensor(const OpCall &call)
{
    return oneValue(function(call.tensor(0)));
}

/// Of what an exception of libtorch says the first line: what follows tells where in its own code.
std::string reasonOf(const std::exception &error);

} // namespace quantscope
