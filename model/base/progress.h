#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>

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

} // namespace quantscope
