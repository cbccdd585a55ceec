#include "graph/torch_types.h"

#include <array>

namespace quantscope {

DType dtypeFromTorch(std::int64_t number)
{
    static constexpr std::array kTypes
        = {DType::UInt8, DType::Int8, DType::Int16, DType::Int32, DType::Int64, DType::Float16, DType::Float32,
            DType::Float64, DType::Unknown /* complex32 */, DType::Complex64, DType::Complex128, DType::Bool,
            DType::QInt8, DType::QUInt8, DType::QInt32, DType::BFloat16, DType::QUInt4x2, DType::QUInt2x4};
    return number >= 0 && static_cast<std::size_t>(number) < kTypes.size() ? kTypes[static_cast<std::size_t>(number)]
                                                                           : DType::Unknown;
}

} // namespace quantscope
