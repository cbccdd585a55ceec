#include "formats/zip/inflate.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>

namespace quantscope {

namespace {

constexpr std::size_t kStreams = 8;
constexpr std::size_t kInputBytes = 64 << 10;
constexpr std::size_t kWindowBytes = 1 << 20;
/// How often a member is inflated before it is held in memory, or refused where it is too large for that: readers on
/// several cores do so a few times.
constexpr std::uint64_t kTimesBeforeHeld = 3, kTimesBeforeRefused = 16;

bool isSame(const DeflatedMember &a, const DeflatedMember &b)
{
    return a.source == b.source && a.offset == b.offset && a.storedSize == b.storedSize && a.size == b.size;
}

} // namespace

/// One deflate stream with the window of bytes it produced last.
class InflateStream {
public:
    explicit InflateStream(const DeflatedMember &member)
        : m_member(member)
        , m_input(kInputBytes)
    {
        m_window.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindowBytes, member.size)));
        if (::inflateInit2(&m_z, -MAX_WBITS) != Z_OK)
            throw std::bad_alloc();
    }
    ~InflateStream() { ::inflateEnd(&m_z); }
    InflateStream(const InflateStream &) = delete;
    InflateStream &operator=(const InflateStream &) = delete;

    bool isOf(const DeflatedMember &member) const { return isSame(m_member, member); }

    /// Where its window begins: what it can read is there or behind.
    std::uint64_t position() const { return m_begin; }
    /// How far it is inflated.
    std::uint64_t end() const { return m_begin + m_filled; }

    /// Precondition: not before position(). Throws where `out` passes the end of the member: inflating on would never
    /// fill it.
    void read(std::uint64_t offset, std::span<std::byte> out)
    {
        if (offset > m_member.size || out.size() > m_member.size - offset)
            fail(fmt::format("has {} bytes, but {} from offset {} are needed", m_member.size, out.size(), offset));
        while (!out.empty()) {
            while (offset >= m_begin + m_filled)
                produce();
            const std::size_t at = static_cast<std::size_t>(offset - m_begin);
            const std::size_t count = std::min(out.size(), m_filled - at);
            std::memcpy(out.data(), m_window.data() + at, count);
            out = out.subspan(count);
            offset += count;
        }
    }

private:
    [[noreturn]] void fail(std::string_view why) const
    {
        throw ParseError(fmt::format("{} {}", m_member.name, why), m_member.offset);
    }

    void fillInput()
    {
        const std::uint64_t left = m_member.storedSize - m_consumed;
        const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left, m_input.size()));
        if (count == 0)
            fail("is damaged: its deflate stream ends early");
        m_member.source->read(m_member.offset + m_consumed, std::span(m_input).first(count));
        m_consumed += count;
        m_z.next_in = reinterpret_cast<Bytef *>(m_input.data());
        m_z.avail_in = static_cast<uInt>(count);
    }

    /// Replaces the window by the bytes that follow it.
    void produce()
    {
        m_begin += m_filled;
        m_filled = 0;
        const std::size_t wanted
            = static_cast<std::size_t>(std::min<std::uint64_t>(m_window.size(), m_member.size - m_begin));
        m_z.next_out = reinterpret_cast<Bytef *>(m_window.data());
        m_z.avail_out = static_cast<uInt>(wanted);
        while (m_z.avail_out > 0) {
            if (m_z.avail_in == 0)
                fillInput();
            const int status = ::inflate(&m_z, Z_NO_FLUSH);
            if (status == Z_STREAM_END && m_z.avail_out > 0)
                fail("is damaged: it inflates to fewer bytes than it claims");
            if (status != Z_OK && status != Z_STREAM_END)
                fail("is damaged: its deflate stream is invalid");
        }
        m_filled = wanted;
        m_crc = static_cast<std::uint32_t>(::crc32_z(m_crc, reinterpret_cast<const Bytef *>(m_window.data()), wanted));
        if (m_begin + m_filled == m_member.size && m_crc != m_member.crc)
            fail("is damaged: its CRC-32 is wrong");
    }

    DeflatedMember m_member;
    z_stream m_z{};
    std::vector<std::byte> m_input;
    std::vector<std::byte> m_window;
    std::uint64_t m_begin = 0; ///< offset of the window in the inflated member
    std::size_t m_filled = 0;
    std::uint64_t m_consumed = 0;
    std::uint32_t m_crc = 0;
};

InflatePool::InflatePool(std::uint64_t heldBytes)
    : m_heldLimit(heldBytes)
{
}
InflatePool::~InflatePool() = default;

void InflatePool::read(const DeflatedMember &member, std::uint64_t offset, std::span<std::byte> out)
{
    const std::lock_guard lock(m_mutex);
    if (readHeld(member, offset, out))
        return;
    if (!takeStream(member, offset)) {
        if (wantsHolding(member)) {
            hold(member);
            readHeld(member, offset, out);
            return;
        }
        if (m_streams.size() == kStreams)
            m_streams.pop_back();
        m_streams.push_front(std::make_unique<InflateStream>(member));
    }
    InflateStream &stream = *m_streams.front();
    const std::uint64_t before = stream.end();
    try {
        stream.read(offset, out);
    } catch (...) {
        m_streams.pop_front(); // a stream that failed half-way must not be read on
        throw;
    }
    m_inflated[member.offset] += stream.end() - before;
}

/// Readers of one member at several places each go on with the stream that stands next before theirs; it becomes the
/// first.
bool InflatePool::takeStream(const DeflatedMember &member, std::uint64_t offset)
{
    auto found = m_streams.end();
    for (auto it = m_streams.begin(); it != m_streams.end(); ++it)
        if ((*it)->isOf(member) && (*it)->position() <= offset
            && (found == m_streams.end() || (*it)->position() > (*found)->position()))
            found = it;
    if (found == m_streams.end())
        return false;
    m_streams.splice(m_streams.begin(), m_streams, found);
    return true;
}

bool InflatePool::readHeld(const DeflatedMember &member, std::uint64_t offset, std::span<std::byte> out)
{
    const auto found = std::ranges::find_if(m_held, [&](const Held &held) { return isSame(held.member, member); });
    if (found == m_held.end() || offset > member.size || out.size() > member.size - offset)
        return false;
    std::memcpy(out.data(), found->bytes.data() + offset, out.size());
    m_held.splice(m_held.begin(), m_held, found);
    return true;
}

/// Asked where a stream would start anew.
bool InflatePool::wantsHolding(const DeflatedMember &member) const
{
    const auto found = m_inflated.find(member.offset);
    const std::uint64_t times = found == m_inflated.end() || member.size == 0 ? 0 : found->second / member.size;
    if (times >= kTimesBeforeRefused && member.size > m_heldLimit)
        throw ParseError(fmt::format("{} is compressed and read back and forth, for which "
                                     "its {} bytes are too many: write the file again without compression",
                             member.name, member.size),
            member.offset);
    return times >= kTimesBeforeHeld && member.size <= m_heldLimit;
}

void InflatePool::hold(const DeflatedMember &member)
{
    for (; !m_held.empty() && m_heldBytes + member.size > m_heldLimit; m_held.pop_back())
        m_heldBytes -= m_held.back().bytes.size();
    Held held{member, std::vector<std::byte>(member.size)};
    InflateStream(member).read(0, held.bytes);
    m_held.push_front(std::move(held));
    m_heldBytes += member.size;
    m_inflated.erase(member.offset);
    m_streams.remove_if([&](const auto &stream) { return stream->isOf(member); });
}

void InflatedSource::read(std::uint64_t offset, std::span<std::byte> out) const
{
    if (offset > size() || out.size() > size() - offset)
        throw ParseError(fmt::format("{} bytes are needed of {}, which has {}", out.size(), m_member.name, size()));
    if (!out.empty())
        m_pool->read(m_member, offset, out);
}

} // namespace quantscope
