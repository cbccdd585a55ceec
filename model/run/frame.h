#pragma once

#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// What a frame is. The numbers are the format's: they are only added to.
enum class FrameType : std::uint8_t {
    Hello = 1, ///< both ways, first of all
    Open = 2, ///< to the helper: a model
    Opened = 3,
    Data = 4, ///< to the helper: samples and labels
    DataTaken = 5,
    Run = 6, ///< to the helper: quantizers, and go
    Progress = 7,
    Array = 8, ///< a piece of an output
    Finished = 9, ///< what a run found
    Cancel = 10, ///< to the helper
    Failed = 11, ///< instead of an answer
};

/// A length (4 bytes, little-endian, of the payload alone), a type (1 byte) and the payload.
struct Frame {
    FrameType type = FrameType::Hello;
    std::string payload;
};

/// The longest payload; longer arrays go in pieces.
inline constexpr std::uint32_t kLongestFrame = 64u << 20;

/// Thrown by FrameChannel when the other side has gone; ParseError when it says what is no frame.
class ChannelClosed : public ParseError {
public:
    using ParseError::ParseError;
};

/// Frames over two file descriptors, which it does not own. One thread may send while another receives.
class FrameChannel {
public:
    FrameChannel(int in, int out)
        : m_in(in)
        , m_out(out)
    {
    }

    /// Throws ChannelClosed; a signal for a broken pipe is the caller's to ignore where `out` is a pipe.
    void send(FrameType type, std::string_view payload) const;
    /// Waits at most that long; nullopt: nothing whole came. Throws ChannelClosed, and ParseError for a type that is
    /// none, a length beyond kLongestFrame and an end within a frame.
    std::optional<Frame> receive(std::chrono::milliseconds wait);
    /// Waits as long as it takes.
    Frame receive();

private:
    std::optional<Frame> taken();
    bool fill(int milliseconds);

    int m_in, m_out;
    std::string m_buffer; ///< what was read and is no frame yet
};

} // namespace quantscope
