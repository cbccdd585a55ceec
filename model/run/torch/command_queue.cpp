#include "run/torch/command_queue.h"

namespace quantscope {

CommandQueue::CommandQueue(FrameChannel &channel)
    : m_channel(channel)
    , m_thread([this] { read(); })
{
}

CommandQueue::~CommandQueue() { m_thread.join(); }

void CommandQueue::read()
{
    for (;;) {
        std::optional<Frame> frame;
        std::string problem;
        try {
            frame = m_channel.receive();
        } catch (const ChannelClosed &) {
        } catch (const std::exception &error) {
            problem = error.what();
        }
        const std::scoped_lock lock(m_mutex);
        if (!frame) {
            m_ended = true;
            m_problem = std::move(problem);
            m_cancelled = UINT64_MAX; // nobody waits for what is at work
        } else if (frame->type == FrameType::Cancel) {
            m_cancelled = m_received;
        } else {
            ++m_received;
            m_frames.push_back(std::move(*frame));
        }
        m_changed.notify_all();
        if (m_ended)
            return;
    }
}

std::optional<Frame> CommandQueue::next()
{
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_ended || !m_frames.empty(); });
    if (m_frames.empty())
        return std::nullopt;
    Frame out = std::move(m_frames.front());
    m_frames.pop_front();
    m_taken = ++m_given;
    return out;
}

} // namespace quantscope
