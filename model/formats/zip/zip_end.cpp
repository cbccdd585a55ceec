#include "formats/zip/zip_end.h"

#include "base/checked.h"
#include "base/cursor.h"

#include <algorithm>
#include <optional>

namespace quantscope {

namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kEnd64Bytes = 56;
constexpr std::uint64_t kLocator64Bytes = 20;
constexpr std::uint64_t kLongestComment = 0xFFFF;

/// Offset of the end record. Its comment must reach exactly to the end of the file: a comment may itself contain the
/// signature, and taking the first match would read the comment as a record.
std::optional<std::uint64_t> findEnd(const ByteSource &source)
{
    const std::uint64_t size = source.size();
    const std::uint64_t span = std::min(size, kEndBytes + kLongestComment);
    const std::vector<std::byte> tail = source.bytes(size - span, span);
    for (std::uint64_t at = span < kEndBytes ? 0 : span - kEndBytes + 1; at-- > 0;) {
        Cursor cursor(std::span<const std::byte>(tail).subspan(at), size - span + at);
        if (cursor.u32() != kEndSignature)
            continue;
        cursor.skip(16);
        if (cursor.u16() == cursor.remaining())
            return size - span + at;
    }
    return std::nullopt;
}

void requireEqualUnlessFull(std::uint64_t narrowValue, std::uint64_t full, std::uint64_t wide, std::uint64_t offset)
{
    if (narrowValue != full && narrowValue != wide)
        throw ParseError("the two end records of the zip archive contradict each other", offset);
}

/// Replaces the fields by those of the zip64 end record when there is one in front of the end record.
void applyZip64(const ByteSource &source, std::uint64_t endOffset, ZipEnd &end)
{
    if (endOffset < kLocator64Bytes)
        return;
    const auto locator = source.bytes(endOffset - kLocator64Bytes, kLocator64Bytes);
    Cursor locatorCursor(locator, endOffset - kLocator64Bytes);
    if (locatorCursor.u32() != kLocator64Signature)
        return;
    locatorCursor.skip(4);
    const std::uint64_t recordOffset = locatorCursor.u64();
    if (recordOffset > endOffset - kLocator64Bytes || endOffset - kLocator64Bytes - recordOffset < kEnd64Bytes)
        throw ParseError("the zip64 end record lies outside the file", locatorCursor.offset());
    const auto record = source.bytes(recordOffset, kEnd64Bytes);
    Cursor cursor(record, recordOffset);
    if (cursor.u32() != kEnd64Signature)
        throw ParseError("the zip64 end record has a wrong signature", recordOffset);
    cursor.skip(8 + 2 + 2);
    if (cursor.u32() != 0 || cursor.u32() != 0)
        throw ParseError("is one part of a zip archive split over several disks", recordOffset);
    cursor.skip(8);
    const ZipEnd wide{.directoryOffset = 0, .directoryBytes = 0, .entries = cursor.u64()};
    const std::uint64_t bytes = cursor.u64();
    const std::uint64_t offset = cursor.u64();
    requireEqualUnlessFull(end.entries, 0xFFFF, wide.entries, recordOffset);
    requireEqualUnlessFull(end.directoryBytes, 0xFFFFFFFF, bytes, recordOffset);
    requireEqualUnlessFull(end.directoryOffset, 0xFFFFFFFF, offset, recordOffset);
    end = {.directoryOffset = offset, .directoryBytes = bytes, .entries = wide.entries};
}

} // namespace

ZipEnd findZipEnd(const ByteSource &source)
{
    const auto endOffset = findEnd(source);
    if (!endOffset)
        throw ParseError("is a zip archive without its end: it was cut off or is still being written");
    const auto record = source.bytes(*endOffset, kEndBytes);
    Cursor cursor(record, *endOffset);
    cursor.skip(4);
    if (cursor.u16() != 0 || cursor.u16() != 0)
        throw ParseError("is one part of a zip archive split over several disks", *endOffset);
    cursor.skip(2);
    ZipEnd end;
    end.entries = cursor.u16();
    end.directoryBytes = cursor.u32();
    end.directoryOffset = cursor.u32();
    applyZip64(source, *endOffset, end);
    if (checkedAdd(end.directoryOffset, end.directoryBytes, "the zip directory") > *endOffset)
        throw ParseError("the zip directory lies outside the file", *endOffset);
    return end;
}

} // namespace quantscope
