#include "run/frame.h"

#include "base/cursor.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kHead = 5;
constexpr std::size_t kReadAtOnce = 256 << 10;

[[noreturn]] void closedBecause(int error)
{
    throw ChannelClosed(fmt::format("the other side has ended: {}", std::strerror(error)));
}

/// Sockets are told not to signal; what is none is a pipe.
ssize_t writeSome(int descriptor, std::string_view bytes)
{
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 && errno == ENOTSOCK ? ::write(descriptor, bytes.data(), bytes.size()) : sent;
}

void writeAll(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = writeSome(descriptor, bytes);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            closedBecause(errno);
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

} // namespace

void FrameChannel::send(FrameType type, std::string_view payload) const
{
    if (payload.size() > kLongestFrame)
        throw ParseError(fmt::format("a frame of {} bytes is longer than {}", payload.size(), kLongestFrame));
    std::string whole(kHead, '\0');
    const auto length = static_cast<std::uint32_t>(payload.size());
    std::memcpy(whole.data(), &length, sizeof length);
    whole[4] = static_cast<char>(type);
    whole += payload;
    writeAll(m_out, whole);
}

std::optional<Frame> FrameChannel::taken()
{
    if (m_buffer.size() < kHead)
        return std::nullopt;
    Cursor head(std::as_bytes(std::span(m_buffer).first(kHead)));
    const std::uint32_t length = head.u32();
    const std::uint8_t type = head.u8();
    if (type < static_cast<std::uint8_t>(FrameType::Hello) || type > static_cast<std::uint8_t>(FrameType::Failed))
        throw ParseError(fmt::format("a frame has type {}, which is none", type));
    if (length > kLongestFrame)
        throw ParseError(fmt::format("a frame claims {} bytes, more than {}", length, kLongestFrame));
    if (m_buffer.size() - kHead < length)
        return std::nullopt;
    Frame out{static_cast<FrameType>(type), m_buffer.substr(kHead, length)};
    m_buffer.erase(0, kHead + length);
    return out;
}

/// False when nothing came in that time (-1: any).
bool FrameChannel::fill(int milliseconds)
{
    pollfd waiting{.fd = m_in, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, milliseconds);
    if (ready < 0 && errno != EINTR)
        closedBecause(errno);
    if (ready <= 0)
        return false;
    std::array<char, kReadAtOnce> piece;
    const ssize_t got = ::read(m_in, piece.data(), piece.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got < 0)
        closedBecause(errno);
    if (got == 0 && !m_buffer.empty())
        throw ChannelClosed("the other side ended within a frame");
    if (got == 0)
        throw ChannelClosed("the other side has ended");
    m_buffer.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<Frame> FrameChannel::receive(std::chrono::milliseconds wait)
{
    const auto end = std::chrono::steady_clock::now() + wait;
    for (;;) {
        if (auto frame = taken())
            return frame;
        const auto left
            = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        if (!fill(static_cast<int>(std::max<std::int64_t>(left, 0))) && left <= 0)
            return std::nullopt;
    }
}

Frame FrameChannel::receive()
{
    for (;;) {
        if (auto frame = taken())
            return std::move(*frame);
        fill(-1);
    }
}

} // namespace quantscope
