#pragma once

#include "run/frame.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace quantscope {

/// Reads frames on a thread of its own, so that a cancel frame is seen while a command is at work.
class CommandQueue {
public:
    explicit CommandQueue(FrameChannel &channel);
    ~CommandQueue(); ///< the channel must have ended

    /// Waits for the next command; nothing when the other side has gone, or sent what is no frame.
    std::optional<Frame> next();
    /// The command that next() gave last is cancelled.
    bool isCancelled() const { return m_cancelled >= m_taken; }
    /// Why there are no more commands, where it was not the end of the channel.
    const std::string &problem() const { return m_problem; }

private:
    void read();

    FrameChannel &m_channel;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Frame> m_frames;
    std::uint64_t m_received = 0;
    std::atomic<std::uint64_t> m_taken = 1, m_cancelled = 0;
    std::uint64_t m_given = 0;
    bool m_ended = false;
    std::string m_problem;
    std::thread m_thread;
};

} // namespace quantscope
