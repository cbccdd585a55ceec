#include "run/torch/tensor_values.h"

#include "run/torch/op_table.h"

#include <cstring>

#include <ATen/ops/_make_per_channel_quantized_tensor.h>
#include <ATen/ops/_make_per_tensor_quantized_tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// Elements that are converted at once.
constexpr std::uint64_t kChunk = 1 << 16;

/// The elements have the same bytes in both.
bool hasBytesOf(DType dtype, at::ScalarType type)
{
    return dtypeBits(dtype) == 8 * c10::elementSize(type) && !isMinifloat(dtype);
}

void copyBytes(TensorReader &reader, std::uint64_t count, std::size_t size, std::byte *out)
{
    for (std::uint64_t begin = 0; begin < count; begin += kChunk) {
        const auto part = reader.bytes(begin, std::min(kChunk, count - begin));
        std::memcpy(out + begin * size, part.data(), part.size());
    }
}

template <class T> void copyIntegers(TensorReader &reader, std::span<T> out)
{
    std::vector<std::int64_t> part(std::min<std::size_t>(out.size(), kChunk));
    for (std::size_t begin = 0; begin < out.size(); begin += kChunk) {
        const auto chunk = std::span(part).first(std::min<std::size_t>(kChunk, out.size() - begin));
        reader.integers(begin, chunk);
        for (std::size_t i = 0; i < chunk.size(); ++i)
            out[begin + i] = static_cast<T>(chunk[i]);
    }
}

/// torch's quantized type over the integers that it holds.
at::Tensor asQuantized(const at::Tensor &codes, const StoredAffine &affine, DType dtype)
{
    if (affine.scales.empty() || affine.zeroPoints.empty())
        throw RunError("a quantized tensor of the file has no scale");
    if (!affine.axis) {
        if (dtype != DType::QInt8 && dtype != DType::QUInt8 && dtype != DType::QInt32)
            return codes;
        return at::_make_per_tensor_quantized_tensor(
            codes, affine.scales[0], static_cast<std::int64_t>(affine.zeroPoints[0]));
    }
    const at::Tensor scales = at::tensor(affine.scales, at::TensorOptions(at::kDouble));
    const at::Tensor zeroPoints = at::tensor(affine.zeroPoints, at::TensorOptions(at::kDouble));
    return affine.floatZeroPoint
        ? at::_make_per_channel_quantized_tensor(codes, scales.to(at::kFloat), zeroPoints.to(at::kFloat), *affine.axis)
        : at::_make_per_channel_quantized_tensor(codes, scales, zeroPoints.to(at::kLong), *affine.axis);
}

} // namespace

at::ScalarType scalarTypeOf(DType dtype)
{
    switch (dtype) {
    case DType::Float64: return at::kDouble;
    case DType::Float16: return at::kHalf;
    case DType::BFloat16: return at::kBFloat16;
    case DType::Complex64: return at::kComplexFloat;
    case DType::Complex128: return at::kComplexDouble;
    case DType::Bool: return at::kBool;
    case DType::Int8:
    case DType::Int4:
    case DType::Int2:
    case DType::QInt8: return at::kChar;
    case DType::UInt8:
    case DType::UInt4:
    case DType::UInt2:
    case DType::QUInt4x2:
    case DType::QUInt2x4:
    case DType::QUInt8: return at::kByte;
    case DType::Int16: return at::kShort;
    case DType::UInt16:
    case DType::Int32:
    case DType::QInt32: return at::kInt;
    case DType::UInt32:
    case DType::UInt64:
    case DType::Int64: return at::kLong;
    case DType::String:
    case DType::Unknown: throw RunError("a tensor of the file holds no numbers");
    default: return at::kFloat; // float32, and what is smaller than float16
    }
}

at::Tensor tensorOf(const TensorInfo &info)
{
    const at::ScalarType type = scalarTypeOf(info.dtype);
    TensorReader reader(info);
    const at::Tensor out = at::empty(info.shape, at::TensorOptions(type));
    const std::uint64_t count = elementCount(info.shape);
    if (hasBytesOf(info.dtype, type))
        copyBytes(reader, count, c10::elementSize(type), static_cast<std::byte *>(out.data_ptr()));
    else if (type == at::kFloat)
        reader.floats(0, {out.data_ptr<float>(), count});
    else if (type == at::kChar)
        copyIntegers(reader, std::span(out.data_ptr<std::int8_t>(), count));
    else if (type == at::kByte)
        copyIntegers(reader, std::span(out.data_ptr<std::uint8_t>(), count));
    else if (type == at::kInt)
        copyIntegers(reader, std::span(out.data_ptr<std::int32_t>(), count));
    else
        copyIntegers(reader, std::span(out.data_ptr<std::int64_t>(), count));
    return info.affine ? asQuantized(out, *info.affine, info.dtype) : out;
}

} // namespace quantscope
