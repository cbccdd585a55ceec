#pragma once

#include <optional>

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

namespace quantscope {

/// A value as an argument of that type takes it: lists of its elements' type, one number for `count` equal ones, the
/// processor for any device. With `converts` also what TorchScript converts: numbers of tensors, integers as floats.
/// Nothing where it does not fit.
std::optional<c10::IValue> fitArgument(
    const c10::IValue &value, const c10::TypePtr &type, std::int64_t count, bool converts);

} // namespace quantscope
