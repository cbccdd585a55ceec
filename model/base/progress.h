#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <mutex>

namespace quantscope {

/// Progress report and cancellation point in one call.
class Progress {
public:
    /// (done, total) -> keep going?
    using Callback = std::function<bool(std::uint64_t, std::uint64_t)>;

    Progress() = default;
    explicit Progress(Callback callback)
        : m_callback(std::move(callback))
    {
    }

    /// Throws CancelledError when the receiver wants to stop. Units are the caller's own; bytes where there are bytes.
    void step(std::uint64_t done, std::uint64_t total) const
    {
        if (m_callback && !m_callback(done, total))
            throw CancelledError();
    }

private:
    Callback m_callback;
};

/// One Progress for work on several threads: sums what each has done and tells it to one receiver at a time.
class SharedProgress {
public:
    SharedProgress(const Progress &progress, std::uint64_t total)
        : m_progress(progress)
        , m_total(total)
    {
    }

    /// `done` more; 0 only asks whether to go on. Throws CancelledError when the receiver wants to stop, or wanted to
    /// before: it is not asked again.
    void add(std::uint64_t done)
    {
        const std::scoped_lock lock(m_mutex);
        if (m_cancelled)
            throw CancelledError();
        m_done += done;
        m_cancelled = true;
        m_progress.step(m_done, m_total);
        m_cancelled = false;
    }

private:
    const Progress &m_progress;
    std::uint64_t m_total;
    std::mutex m_mutex;
    std::uint64_t m_done = 0;
    bool m_cancelled = false;
};

} // namespace quantscope
