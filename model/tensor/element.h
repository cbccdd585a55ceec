#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace quantscope {

/// float32 value of an element's bit pattern (zero-extended), for every floating and integer type; float64 and wide
/// integers round to nearest even. Minifloats follow the OCP and ONNX definitions (formats: bias, NaN and infinity
/// codes).
float elementToFloat(DType dtype, std::uint64_t pattern);
/// The same for integer types, exact; uint64 above 2^63-1 wraps as its two's complement.
std::int64_t elementToInteger(DType dtype, std::uint64_t pattern);

float halfToFloat(std::uint16_t half);
float bfloat16ToFloat(std::uint16_t value);
/// Rounded to nearest even, beyond the range to infinity, as torch does.
std::uint16_t floatToHalf(float value);
std::uint16_t floatToBfloat16(float value);

} // namespace quantscope
