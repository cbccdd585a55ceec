#include "graph/onnx_types.h"

#include <algorithm>
#include <array>

namespace quantscope {

DType dtypeFromOnnx(std::uint64_t number)
{
    static constexpr std::array kTypes = {
        DType::Unknown,
        DType::Float32,
        DType::UInt8,
        DType::Int8,
        DType::UInt16,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::String,
        DType::Bool,
        DType::Float16,
        DType::Float64,
        DType::UInt32,
        DType::UInt64,
        DType::Complex64,
        DType::Complex128,
        DType::BFloat16,
        DType::Float8E4M3FN,
        DType::Float8E4M3FNUZ,
        DType::Float8E5M2,
        DType::Float8E5M2FNUZ,
        DType::UInt4,
        DType::Int4,
        DType::Float4E2M1,
        DType::Float8E8M0,
        DType::UInt2,
        DType::Int2,
    };
    return number < kTypes.size() ? kTypes[number] : DType::Unknown;
}

DType dtypeFromOnnx(std::string_view name)
{
    static constexpr std::array<std::string_view, 17> kNames
        = {"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16",
            "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
    const auto found = std::ranges::find(kNames, name);
    return found == kNames.end() ? DType::Unknown : dtypeFromOnnx(static_cast<std::uint64_t>(found - kNames.begin()));
}

} // namespace quantscope
