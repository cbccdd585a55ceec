#pragma once

#include "tensor/dtype.h"

#include <cstdint>
#include <optional>

namespace quantscope {

/// The bit pattern of an ONNX minifloat that `value` is rounded to, half to even (onnx Operators.md, Cast). Beyond the
/// largest value and for infinities: that value with `saturate`, else infinity where the type has one, else NaN.
/// Nothing where the type has no such value: a NaN in float4_e2m1fn, and in float8_e8m0fnu all but powers of two; nor
/// for infinities that types without a negative zero saturate, of which the versions of the definition differ.
std::optional<std::uint64_t> minifloatPatternOf(DType dtype, float value, bool saturate);

} // namespace quantscope
