#include "formats/zip/zip_archive.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/text.h"
#include "formats/zip/zip_end.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <zlib.h>

namespace quantscope {

namespace {

constexpr std::uint32_t kDirectorySignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint64_t kDirectoryBytes = 46;
constexpr std::uint64_t kLocalBytes = 30;
constexpr std::uint16_t kZip64Extra = 0x0001;
constexpr std::uint16_t kEncryptedFlags = 0x0001 | 0x0040 | 0x2000; // encrypted, strong encryption, masked headers
/// Deflate cannot do better than 1032 to 1, so a larger ratio is a lie about the size.
constexpr std::uint64_t kDeflateBest = 1032;
/// Below this, a member may inflate as far as it likes.
constexpr std::uint64_t kRatioFreeBytes = 1 << 20;

[[noreturn]] void fail(std::string_view name, std::string_view why, std::uint64_t offset)
{
    throw ParseError(fmt::format("member '{}' of the zip archive {}", printable(name), why), offset);
}

/// Sizes and offset of 64 bits stand in the extra field, only those that do not fit the header's 32 (4.5.3).
void applyZip64Extra(Cursor extra, ZipEntry &entry)
{
    constexpr std::uint64_t kFull = 0xFFFFFFFF;
    while (extra.remaining() >= 4) {
        const std::uint16_t id = extra.u16();
        const std::uint16_t length = extra.u16();
        if (length > extra.remaining())
            return; // padding of foreign writers
        const std::uint64_t offset = extra.offset();
        Cursor field(extra.take(length), offset);
        if (id != kZip64Extra)
            continue;
        for (std::uint64_t *value : {&entry.size, &entry.storedSize, &entry.localOffset})
            if (*value == kFull)
                *value = field.u64();
        return;
    }
}

void requireReadable(const ZipEntry &entry, std::uint16_t flags, std::uint16_t method, std::uint64_t offset)
{
    if ((flags & kEncryptedFlags) != 0)
        fail(entry.name, "is encrypted", offset);
    if (method != 0 && method != 8)
        fail(entry.name, fmt::format("is compressed by method {}, only stored (0) and deflated (8) are read", method),
            offset);
    if (method == 0 && entry.storedSize != entry.size)
        fail(entry.name, "is stored, but its two sizes differ", offset);
    if (method == 8 && entry.size / kDeflateBest > entry.storedSize)
        fail(entry.name,
            fmt::format("claims {} bytes from {}, more than deflate can hold", entry.size, entry.storedSize), offset);
}

ZipEntry readEntry(Cursor &cursor)
{
    const std::uint64_t start = cursor.offset();
    if (cursor.u32() != kDirectorySignature)
        throw ParseError("the zip directory has a wrong signature", start);
    cursor.skip(4);
    const std::uint16_t flags = cursor.u16();
    const std::uint16_t method = cursor.u16();
    cursor.skip(4);
    ZipEntry entry;
    entry.crc = cursor.u32();
    entry.storedSize = cursor.u32();
    entry.size = cursor.u32();
    const std::uint16_t nameBytes = cursor.u16();
    const std::uint16_t extraBytes = cursor.u16();
    const std::uint16_t commentBytes = cursor.u16();
    cursor.skip(8);
    entry.localOffset = cursor.u32();
    entry.name = cursor.takeText(nameBytes);
    const std::uint64_t extraOffset = cursor.offset();
    applyZip64Extra(Cursor(cursor.take(extraBytes), extraOffset), entry);
    cursor.skip(commentBytes);
    entry.deflated = method == 8;
    requireReadable(entry, flags, method, start);
    return entry;
}

/// Reads local headers in file order: many at once where members are small, a few bytes where they are large.
class LocalHeaders {
public:
    explicit LocalHeaders(const ByteSource &source)
        : m_source(source)
    {
    }

    std::span<const std::byte> at(std::uint64_t offset, std::uint64_t length)
    {
        if (offset < m_begin || offset + length > m_begin + m_window.size()) {
            const std::uint64_t size = m_source.size();
            if (offset > size || length > size - offset)
                throw ParseError("a member's header lies outside the zip archive", offset);
            const bool dense = offset >= m_begin && offset - m_begin < m_window.size() + kNear;
            m_window.resize(std::min(std::max(length, dense ? kManyBytes : kFewBytes), size - offset));
            m_source.read(offset, m_window);
            m_begin = offset;
        }
        return std::span<const std::byte>(m_window).subspan(offset - m_begin, length);
    }

private:
    static constexpr std::uint64_t kFewBytes = 256;
    static constexpr std::uint64_t kManyBytes = 64 << 10;
    static constexpr std::uint64_t kNear = 4096;
    const ByteSource &m_source;
    std::vector<std::byte> m_window;
    std::uint64_t m_begin = 0;
};

/// Sets the data offset from the member's own header: its extra field is another one than the directory's.
void locate(ZipEntry &entry, LocalHeaders &headers)
{
    Cursor cursor(headers.at(entry.localOffset, kLocalBytes), entry.localOffset);
    if (cursor.u32() != kLocalSignature)
        fail(entry.name, "has a header with a wrong signature", entry.localOffset);
    cursor.skip(22);
    const std::uint16_t nameBytes = cursor.u16();
    const std::uint16_t extraBytes = cursor.u16();
    Cursor name(headers.at(entry.localOffset + kLocalBytes, nameBytes), entry.localOffset + kLocalBytes);
    if (name.takeText(nameBytes) != entry.name)
        fail(entry.name, "is called otherwise in its own header", entry.localOffset);
    entry.dataOffset = entry.localOffset + kLocalBytes + nameBytes + extraBytes;
}

} // namespace

ZipArchive::ZipArchive(std::shared_ptr<const ByteSource> source, const Limits &limits, Budget &budget)
    : m_source(std::move(source))
    , m_limits(limits)
    , m_pool(std::make_shared<InflatePool>(limits.inflateBytes))
{
    const ZipEnd end = findZipEnd(*m_source);
    readDirectory(end.directoryOffset, end.directoryBytes, end.entries, budget);
    sortByName();
    locateData(end.directoryOffset);
}

void ZipArchive::readDirectory(std::uint64_t offset, std::uint64_t length, std::uint64_t count, Budget &budget)
{
    if (count > length / kDirectoryBytes || count > m_limits.zipEntries)
        throw ParseError(fmt::format("the zip directory claims {} members in {} bytes", count, length), offset);
    budget.charge(checkedAdd(length, count * (sizeof(ZipEntry) + sizeof(std::uint32_t)), "the zip directory"),
        "the zip directory");
    m_directory = m_source->bytes(offset, length);
    m_entries.reserve(count);
    Cursor cursor(m_directory, offset);
    for (std::uint64_t i = 0; i < count; ++i)
        m_entries.push_back(readEntry(cursor));
    if (!cursor.atEnd())
        throw ParseError("the zip directory is longer than its members", cursor.offset());
}

void ZipArchive::sortByName()
{
    m_byName.resize(m_entries.size());
    std::iota(m_byName.begin(), m_byName.end(), 0u);
    const auto name = [&](std::uint32_t i) { return m_entries[i].name; };
    std::sort(m_byName.begin(), m_byName.end(), [&](auto a, auto b) { return name(a) < name(b); });
    for (std::size_t i = 1; i < m_byName.size(); ++i)
        if (name(m_byName[i - 1]) == name(m_byName[i]))
            fail(name(m_byName[i]), "is there twice", m_entries[m_byName[i]].localOffset);
}

void ZipArchive::locateData(std::uint64_t directoryOffset)
{
    std::vector<std::uint32_t> order(m_entries.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
        [&](auto a, auto b) { return m_entries[a].localOffset < m_entries[b].localOffset; });
    LocalHeaders headers(*m_source);
    std::uint64_t free = 0;
    for (const std::uint32_t i : order) {
        ZipEntry &entry = m_entries[i];
        if (entry.localOffset > directoryOffset)
            fail(entry.name, "starts outside the file", entry.localOffset);
        locate(entry, headers);
        if (entry.localOffset < free)
            fail(entry.name, "overlaps the one before it", entry.localOffset);
        free = checkedAdd(entry.dataOffset, entry.storedSize, "a member of the zip archive");
        if (free > directoryOffset)
            fail(entry.name, fmt::format("claims {} bytes, more than the file holds", entry.storedSize),
                entry.localOffset);
    }
}

const ZipEntry *ZipArchive::find(std::string_view name) const
{
    const auto found = std::lower_bound(m_byName.begin(), m_byName.end(), name,
        [&](std::uint32_t i, std::string_view wanted) { return m_entries[i].name < wanted; });
    return found != m_byName.end() && m_entries[*found].name == name ? &m_entries[*found] : nullptr;
}

std::vector<std::byte> ZipArchive::read(const ZipEntry &entry, std::uint64_t maxBytes, Budget &budget) const
{
    if (entry.size > maxBytes)
        fail(entry.name, fmt::format("has {} bytes, more than the {} that are read", entry.size, maxBytes),
            entry.localOffset);
    if (entry.deflated && entry.size > kRatioFreeBytes && entry.size / m_limits.inflateRatio > entry.storedSize)
        fail(entry.name, fmt::format("would inflate from {} to {} bytes", entry.storedSize, entry.size),
            entry.localOffset);
    budget.charge(entry.size, fmt::format("member '{}'", printable(entry.name)));
    std::vector<std::byte> out(entry.size);
    const Storage content = storage(entry);
    content.source->read(content.offset, out);
    const auto crc = ::crc32_z(0, reinterpret_cast<const Bytef *>(out.data()), out.size());
    if (crc != entry.crc)
        fail(entry.name, "is damaged: its CRC-32 is wrong", entry.dataOffset);
    return out;
}

Storage ZipArchive::storage(const ZipEntry &entry) const
{
    if (!entry.deflated)
        return {.source = m_source, .offset = entry.dataOffset, .bytes = entry.size};
    const DeflatedMember member{.source = m_source,
        .offset = entry.dataOffset,
        .storedSize = entry.storedSize,
        .size = entry.size,
        .crc = entry.crc,
        .name = fmt::format("member '{}' of the zip archive", printable(entry.name))};
    return {.source = std::make_shared<InflatedSource>(member, m_pool), .offset = 0, .bytes = entry.size};
}

} // namespace quantscope
