#include "base/parallel.h"

#include <atomic>
#include <exception>
#include <mutex>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace quantscope {

namespace {

/// What ended the work, of the body with the lowest index.
class FirstFailure {
public:
    explicit FirstFailure(std::size_t count)
        : m_index(count)
    {
    }
    bool isBefore(std::size_t index) const { return m_index.load(std::memory_order_relaxed) < index; }
    void keep(std::size_t index, std::exception_ptr failure)
    {
        const std::scoped_lock lock(m_mutex);
        if (m_index.load(std::memory_order_relaxed) <= index)
            return;
        m_index = index;
        m_failure = std::move(failure);
    }
    void rethrow() const
    {
        if (m_failure)
            std::rethrow_exception(m_failure);
    }

private:
    std::atomic<std::size_t> m_index;
    std::mutex m_mutex;
    std::exception_ptr m_failure;
};

} // namespace

void parallelFor(std::size_t count, const std::function<void(std::size_t)> &body)
{
    FirstFailure failure(count);
    const auto guarded = [&](std::size_t index) noexcept {
        if (failure.isBefore(index))
            return;
        try {
            body(index);
        } catch (...) {
            failure.keep(index, std::current_exception());
        }
    };
    // Isolated: a thread that waits for the last body here would otherwise begin another body of the caller.
    tbb::this_task_arena::isolate(
        [&] { tbb::parallel_for(std::size_t{0}, count, guarded, tbb::simple_partitioner()); });
    failure.rethrow();
}

} // namespace quantscope
