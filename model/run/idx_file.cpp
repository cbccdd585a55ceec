#include "run/idx_file.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "formats/zip/inflate.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::pair<std::uint8_t, DType> kIdxTypes[] = {{0x08, DType::UInt8}, {0x09, DType::Int8}, {0x0B, DType::Int16},
    {0x0C, DType::Int32}, {0x0D, DType::Float32}, {0x0E, DType::Float64}};

std::uint32_t bigEndian(Cursor &cursor) { return __builtin_bswap32(cursor.u32()); }

/// Deflate itself ends at about 1030.
constexpr std::uint64_t kMostRatio = 1100;
constexpr std::uint64_t kGzipEnd = 8;

void skipText(Cursor &cursor)
{
    while (cursor.u8() != 0)
        ;
}

/// Where the deflate stream begins.
std::uint64_t gzipHeader(std::span<const std::byte> head)
{
    enum : std::uint8_t { HeaderCrc = 2, Extra = 4, Name = 8, Comment = 16, Reserved = 0xE0 };
    Cursor cursor(head);
    cursor.skip(2);
    if (cursor.u8() != 8)
        throw ParseError("is a gzip file of another compression than deflate");
    const std::uint8_t flags = cursor.u8();
    if ((flags & Reserved) != 0)
        throw ParseError("is a gzip file with flags that are not known");
    cursor.skip(6);
    if ((flags & Extra) != 0)
        cursor.skip(cursor.u16());
    if ((flags & Name) != 0)
        skipText(cursor);
    if ((flags & Comment) != 0)
        skipText(cursor);
    if ((flags & HeaderCrc) != 0)
        cursor.skip(2);
    return cursor.position();
}

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

bool isGzip(std::span<const std::byte> head)
{
    return head.size() > 2 && head[0] == std::byte{0x1F} && head[1] == std::byte{0x8B};
}

std::shared_ptr<const ByteSource> inflatedGzip(
    const std::shared_ptr<const ByteSource> &source, const std::string &name, const Limits &limits)
{
    constexpr std::uint64_t kLongestHeader = 64 << 10;
    const std::uint64_t begin = gzipHeader(source->bytes(0, std::min(source->size(), kLongestHeader)));
    if (source->size() < begin + kGzipEnd)
        throw ParseError("ends within its gzip stream");
    const auto end = source->bytes(source->size() - kGzipEnd, kGzipEnd);
    Cursor cursor(end);
    DeflatedMember member{
        .source = source, .offset = begin, .storedSize = source->size() - kGzipEnd - begin, .name = name};
    member.crc = cursor.u32();
    member.size = cursor.u32();
    if (member.size / kMostRatio > member.storedSize)
        throw ParseError(
            fmt::format("claims to inflate to {} bytes of {}, more than deflate can", member.size, member.storedSize));
    return std::make_shared<InflatedSource>(std::move(member), std::make_shared<InflatePool>(limits.inflateBytes));
}

} // namespace quantscope
