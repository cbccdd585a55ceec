#include "run/idx_file.h"

#include "base/checked.h"
#include "base/cursor.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::pair<std::uint8_t, DType> kIdxTypes[] = {{0x08, DType::UInt8}, {0x09, DType::Int8}, {0x0B, DType::Int16},
    {0x0C, DType::Int32}, {0x0D, DType::Float32}, {0x0E, DType::Float64}};

std::uint32_t bigEndian(Cursor &cursor) { return __builtin_bswap32(cursor.u32()); }

} // namespace

bool isIdx(std::span<const std::byte> head)
{
    if (head.size() < 4 || head[0] != std::byte{0} || head[1] != std::byte{0})
        return false;
    const auto type = std::to_integer<std::uint8_t>(head[2]);
    return std::ranges::find(kIdxTypes, type, &std::pair<std::uint8_t, DType>::first) != std::end(kIdxTypes)
        && head[3] != std::byte{0};
}

TensorInfo idxTensor(const std::shared_ptr<const ByteSource> &source, const Limits &limits)
{
    constexpr std::uint64_t kHead = 4;
    const auto start = source->bytes(0, kHead);
    const auto type = std::to_integer<std::uint8_t>(start[2]);
    const auto axes = std::to_integer<std::uint64_t>(start[3]);
    if (axes > limits.rank)
        throw ParseError(fmt::format("has more than {} axes", limits.rank));
    const auto sizes = source->bytes(kHead, axes * sizeof(std::uint32_t));
    Cursor cursor(sizes);
    TensorInfo out;
    out.dtype = std::ranges::find(kIdxTypes, type, &std::pair<std::uint8_t, DType>::first)->second;
    for (std::uint64_t i = 0; i < axes; ++i)
        out.shape.push_back(bigEndian(cursor));
    const std::uint64_t begin = kHead + sizes.size();
    const std::uint64_t bytes = checkedMul(elementCount(out.shape, limits), dtypeBits(out.dtype) / 8, "the array");
    if (source->size() - begin != bytes)
        throw ParseError(
            fmt::format("its array needs {} bytes and {} are there", bytes, source->size() - begin), begin);
    out.storage = {.source = source, .offset = begin, .bytes = bytes, .bigEndian = true};
    return out;
}

} // namespace quantscope
