#include "tensor/dtype.h"

#include <array>

namespace quantscope {

namespace {

struct Row {
    DType dtype;
    std::string_view name;
    unsigned bits;
    char kind; ///< f float, m minifloat, i integer, q quantized integer, c complex, - none
    bool isSigned;
};

constexpr std::array kRows = {
    Row{DType::Unknown, "unknown", 0, '-', false},
    Row{DType::Float64, "float64", 64, 'f', true},
    Row{DType::Float32, "float32", 32, 'f', true},
    Row{DType::Float16, "float16", 16, 'f', true},
    Row{DType::BFloat16, "bfloat16", 16, 'f', true},
    Row{DType::Float8E4M3FN, "float8_e4m3fn", 8, 'm', true},
    Row{DType::Float8E4M3FNUZ, "float8_e4m3fnuz", 8, 'm', true},
    Row{DType::Float8E5M2, "float8_e5m2", 8, 'm', true},
    Row{DType::Float8E5M2FNUZ, "float8_e5m2fnuz", 8, 'm', true},
    Row{DType::Float8E8M0, "float8_e8m0fnu", 8, 'm', false},
    Row{DType::Float4E2M1, "float4_e2m1fn", 4, 'm', true},
    Row{DType::Int8, "int8", 8, 'i', true},
    Row{DType::UInt8, "uint8", 8, 'i', false},
    Row{DType::Int16, "int16", 16, 'i', true},
    Row{DType::UInt16, "uint16", 16, 'i', false},
    Row{DType::Int32, "int32", 32, 'i', true},
    Row{DType::UInt32, "uint32", 32, 'i', false},
    Row{DType::Int64, "int64", 64, 'i', true},
    Row{DType::UInt64, "uint64", 64, 'i', false},
    Row{DType::Int4, "int4", 4, 'i', true},
    Row{DType::UInt4, "uint4", 4, 'i', false},
    Row{DType::Int2, "int2", 2, 'i', true},
    Row{DType::UInt2, "uint2", 2, 'i', false},
    Row{DType::Bool, "bool", 8, 'i', false},
    Row{DType::Complex64, "complex64", 64, 'c', true},
    Row{DType::Complex128, "complex128", 128, 'c', true},
    Row{DType::String, "string", 0, '-', false},
    Row{DType::QInt8, "qint8", 8, 'q', true},
    Row{DType::QUInt8, "quint8", 8, 'q', false},
    Row{DType::QInt32, "qint32", 32, 'q', true},
    Row{DType::QUInt4x2, "quint4x2", 4, 'q', false},
    Row{DType::QUInt2x4, "quint2x4", 2, 'q', false},
};

const Row &row(DType dtype)
{
    for (const Row &r : kRows)
        if (r.dtype == dtype)
            return r;
    return kRows[0];
}

} // namespace

unsigned dtypeBits(DType dtype) { return row(dtype).bits; }
std::string_view dtypeName(DType dtype) { return row(dtype).name; }
bool isFloating(DType dtype) { return row(dtype).kind == 'f' || row(dtype).kind == 'm'; }
bool isMinifloat(DType dtype) { return row(dtype).kind == 'm'; }
bool isInteger(DType dtype) { return row(dtype).kind == 'i' || row(dtype).kind == 'q'; }
bool isSigned(DType dtype) { return row(dtype).isSigned; }

} // namespace quantscope
