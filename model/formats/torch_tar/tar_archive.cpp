#include "formats/torch_tar/tar_archive.h"

#include "base/text.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::size_t kName = 100, kSize = 124, kSizeBytes = 12, kChecksum = 148, kChecksumBytes = 8, kType = 156;
constexpr std::size_t kMagic = 257, kPrefix = 345, kPrefixBytes = 155;
/// A checkpoint has four; a header takes a pread, and a large archive of something else is not listed to its end.
constexpr std::size_t kMostEntries = 4096;

std::optional<std::uint64_t> octal(std::string_view field)
{
    std::uint64_t value = 0;
    bool any = false;
    for (const char c : field) {
        if (c == ' ' && !any)
            continue;
        if (c < '0' || c > '7')
            break;
        if (value >> 61 != 0)
            return std::nullopt;
        value = value * 8 + static_cast<std::uint64_t>(c - '0');
        any = true;
    }
    return any ? std::optional(value) : std::nullopt;
}

/// Octal digits, or a number of 12 bytes behind a set bit where those do not suffice (GNU tar).
std::optional<std::uint64_t> sizeOf(std::string_view header)
{
    const std::string_view field = header.substr(kSize, kSizeBytes);
    if (static_cast<unsigned char>(field[0]) != 0x80)
        return octal(field);
    std::uint64_t value = 0;
    for (const char c : field.substr(1)) {
        if (value >> 55 != 0)
            return std::nullopt;
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
}

std::string untilNul(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

std::string nameOf(std::string_view header)
{
    std::string name = untilNul(header.substr(0, kName));
    const std::string prefix
        = header.substr(kMagic).starts_with("ustar") ? untilNul(header.substr(kPrefix, kPrefixBytes)) : std::string();
    if (!prefix.empty())
        name = prefix + "/" + name;
    return name.starts_with("./") ? name.substr(2) : name;
}

} // namespace

bool isTarHeader(std::span<const std::byte> head)
{
    if (head.size() < kBlock)
        return false;
    unsigned sum = kChecksumBytes * ' ';
    for (std::size_t i = 0; i < kBlock; ++i)
        sum += i >= kChecksum && i < kChecksum + kChecksumBytes ? 0u : std::to_integer<unsigned>(head[i]);
    const std::string_view text(reinterpret_cast<const char *>(head.data()), kBlock);
    return octal(text.substr(kChecksum, kChecksumBytes)) == sum;
}

std::map<std::string, TarEntry> readTar(const ByteSource &source)
{
    std::map<std::string, TarEntry> out;
    std::uint64_t at = 0;
    for (std::size_t count = 0; count < kMostEntries && source.size() - at >= kBlock; ++count) {
        const auto block = source.bytes(at, kBlock);
        if (std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; }))
            break;
        const std::string_view header(reinterpret_cast<const char *>(block.data()), kBlock);
        const auto size = sizeOf(header);
        if (!isTarHeader(block) || !size)
            throw ParseError("is a tar archive with a damaged header: its checksum or size is wrong", at);
        const std::string name = nameOf(header);
        const std::uint64_t data = at + kBlock;
        if (*size > source.size() - data)
            throw ParseError(fmt::format("is a tar archive that was cut off: '{}' has {} bytes and {} are left",
                                 printable(name), *size, source.size() - data),
                at);
        const bool isFile = header[kType] == '0' || header[kType] == '\0' || header[kType] == '7';
        if (isFile && !out.emplace(name, TarEntry{data, *size}).second)
            throw ParseError(fmt::format("is a tar archive that holds '{}' twice", printable(name)), at);
        at = std::min(source.size(), data + (*size + kBlock - 1) / kBlock * kBlock);
    }
    return out;
}

} // namespace quantscope
