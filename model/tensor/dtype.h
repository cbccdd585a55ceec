#pragma once

#include <cstdint>
#include <string_view>

namespace quantscope {

/// Element types of all containers we read. Names are PyTorch's where PyTorch has one, else ONNX's in lower case.
enum class DType : std::uint8_t {
    Unknown,
    Float64,
    Float32,
    Float16,
    BFloat16,
    Float8E4M3FN,
    Float8E4M3FNUZ,
    Float8E5M2,
    Float8E5M2FNUZ,
    Float8E8M0,
    Float4E2M1,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Int4,
    UInt4,
    Int2,
    UInt2,
    Bool,
    Complex64,
    Complex128,
    String,
    QInt8,
    QUInt8,
    QInt32,
    QUInt4x2,
    QUInt2x4,
};

/// Bits of one element in its container (4 and 2 for the packed types); 0 for String and Unknown.
unsigned dtypeBits(DType dtype);
std::string_view dtypeName(DType dtype);
bool isFloating(DType dtype); ///< also the minifloats
bool isMinifloat(DType dtype); ///< 8 bits and fewer
bool isInteger(DType dtype); ///< also the torch quantized types (their codes) and Bool
bool isSigned(DType dtype);

} // namespace quantscope
