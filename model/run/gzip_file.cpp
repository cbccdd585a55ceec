#include "run/gzip_file.h"

#include "base/cursor.h"
#include "formats/zip/inflate.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

namespace quantscope {

namespace {

/// Deflate itself ends at about 1030.
constexpr std::uint64_t kMostRatio = 1100;
constexpr std::uint64_t kGzipEnd = 8;
constexpr const char *kStream = "the gzip stream";

void skipText(Cursor &cursor)
{
    while (cursor.u8() != 0)
        ;
}

constexpr std::uint64_t kLongestHeader = 64 << 10;

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

/// One behind the other.
class JoinedSource final : public ByteSource {
public:
    explicit JoinedSource(std::vector<std::shared_ptr<const ByteSource>> parts)
        : m_parts(std::move(parts))
    {
        for (const auto &part : m_parts)
            m_size += part->size();
    }
    std::uint64_t size() const override { return m_size; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_size || out.size() > m_size - offset)
            throw ParseError("ends before what is read of it");
        for (const auto &part : m_parts) {
            if (offset >= part->size()) {
                offset -= part->size();
                continue;
            }
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), part->size() - offset));
            part->read(offset, out.first(count));
            out = out.subspan(count);
            offset = 0;
            if (out.empty())
                return;
        }
    }

private:
    std::vector<std::shared_ptr<const ByteSource>> m_parts;
    std::uint64_t m_size = 0;
};

/// A member's first bytes as writers make them: RFC 1952 names 14 systems (or none, 255) and three ways to compress.
bool looksLikeMember(std::span<const std::byte> bytes)
{
    const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
    constexpr unsigned kReservedFlags = 0xE0, kSystems = 14, kUnknownSystem = 255;
    return at(0) == 0x1F && at(1) == 0x8B && at(2) == 8 && (at(3) & kReservedFlags) == 0
        && (at(8) == 0 || at(8) == 2 || at(8) == 4) && (at(9) < kSystems || at(9) == kUnknownSystem);
}

/// Bytes that could begin another member; what was deflated has them by chance, once in some hundred gigabytes.
bool mayHaveAnother(const ByteSource &source, std::uint64_t from)
{
    constexpr std::size_t kMemberHead = 10, kRead = 1 << 20;
    for (std::uint64_t at = from; at + kMemberHead <= source.size(); at += kRead) {
        const auto bytes = source.bytes(at, std::min<std::uint64_t>(kRead + kMemberHead, source.size() - at));
        for (std::size_t i = 0; i + kMemberHead <= bytes.size(); ++i)
            if (looksLikeMember(std::span(bytes).subspan(i, kMemberHead)))
                return true;
    }
    return false;
}

/// Finds the end of a deflate stream by inflating it, and keeps nothing.
class EndOfDeflate {
public:
    EndOfDeflate()
    {
        if (::inflateInit2(&m_z, -MAX_WBITS) != Z_OK)
            throw std::bad_alloc();
    }
    ~EndOfDeflate() { ::inflateEnd(&m_z); }
    EndOfDeflate(const EndOfDeflate &) = delete;
    EndOfDeflate &operator=(const EndOfDeflate &) = delete;

    /// Length of the stream, and of what it inflates to, of which `most` are too many.
    std::pair<std::uint64_t, std::uint64_t> find(const ByteSource &source, std::uint64_t begin, std::uint64_t most)
    {
        std::vector<std::byte> input, output(256 << 10);
        for (std::uint64_t next = begin;;) {
            if (m_z.avail_in == 0) {
                input = source.bytes(next, std::min<std::uint64_t>(64 << 10, source.size() - next));
                next += input.size();
                if (input.empty())
                    throw ParseError("ends within its gzip stream");
                m_z.next_in = reinterpret_cast<Bytef *>(input.data());
                m_z.avail_in = static_cast<uInt>(input.size());
            }
            m_z.next_out = reinterpret_cast<Bytef *>(output.data());
            m_z.avail_out = static_cast<uInt>(output.size());
            const int status = ::inflate(&m_z, Z_NO_FLUSH);
            if (m_z.total_out > most)
                throw ParseError(fmt::format("inflates to more than {} bytes: unpack it first", most));
            if (status == Z_STREAM_END)
                return {m_z.total_in, m_z.total_out};
            if (status != Z_OK && status != Z_BUF_ERROR)
                throw ParseError("is damaged: its deflate stream is invalid", begin);
        }
    }

private:
    z_stream m_z{};
};

std::vector<DeflatedMember> membersOf(const std::shared_ptr<const ByteSource> &source, const Limits &limits)
{
    std::vector<DeflatedMember> out;
    std::uint64_t left = limits.inflateBytes;
    for (std::uint64_t at = 0; at < source->size();) {
        const auto head = source->bytes(at, std::min(source->size() - at, kLongestHeader));
        if (std::ranges::all_of(head, [](std::byte byte) { return byte == std::byte{0}; }))
            break; // tapes are filled up with zeros
        if (!isGzip(head))
            throw ParseError("has bytes behind its gzip members", at);
        const std::uint64_t begin = at + gzipHeader(head);
        const auto [stored, size] = EndOfDeflate().find(*source, begin, left);
        left -= size;
        if (source->size() - begin - stored < kGzipEnd)
            throw ParseError("ends within its gzip stream");
        const auto end = source->bytes(begin + stored, kGzipEnd);
        Cursor cursor(end);
        DeflatedMember member{.source = source,
            .offset = begin,
            .storedSize = stored,
            .size = size,
            .crc = cursor.u32(),
            .name = kStream};
        if (cursor.u32() != (size & 0xFFFFFFFFu))
            throw ParseError("is damaged: a gzip member inflates to another size than it claims", begin);
        out.push_back(std::move(member));
        at = begin + stored + kGzipEnd;
    }
    return out;
}

} // namespace

bool isGzip(std::span<const std::byte> head)
{
    return head.size() > 2 && head[0] == std::byte{0x1F} && head[1] == std::byte{0x8B};
}

std::shared_ptr<const ByteSource> inflatedGzip(const std::shared_ptr<const ByteSource> &source, const Limits &limits)
{
    const std::uint64_t begin = gzipHeader(source->bytes(0, std::min(source->size(), kLongestHeader)));
    if (source->size() < begin + kGzipEnd)
        throw ParseError("ends within its gzip stream");
    const auto pool = std::make_shared<InflatePool>(limits.inflateBytes);
    if (mayHaveAnother(*source, begin)) {
        std::vector<std::shared_ptr<const ByteSource>> parts;
        for (DeflatedMember &member : membersOf(source, limits))
            parts.push_back(std::make_shared<InflatedSource>(std::move(member), pool));
        return std::make_shared<JoinedSource>(std::move(parts));
    }
    const auto end = source->bytes(source->size() - kGzipEnd, kGzipEnd);
    Cursor cursor(end);
    DeflatedMember member{
        .source = source, .offset = begin, .storedSize = source->size() - kGzipEnd - begin, .name = kStream};
    member.crc = cursor.u32();
    member.size = cursor.u32();
    if (member.size / kMostRatio > member.storedSize)
        throw ParseError(
            fmt::format("claims to inflate to {} bytes of {}, more than deflate can", member.size, member.storedSize));
    return std::make_shared<InflatedSource>(std::move(member), pool);
}

} // namespace quantscope
