#pragma once

#include "run/run_client.h"

#include <QObject>
#include <QThreadPool>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace quantscope {

/// Runs of networks, one after the other on one worker: the only owner of a RunClient in the window. Everything that is
/// called here, and every callback, is on the thread of the window. A job belongs to its owner, who may cancel it, as
/// its end does: then nothing of it is told any more. Errors are those of RunClient::run, and one of them keeps nothing
/// else from running.
class RunQueue : public QObject {
    Q_OBJECT
public:
    /// What waits in the background gives way to what somebody waits for; what runs already does not.
    enum class Priority { Background, Asked };
    template <class T> using Work = std::function<Result<T>(RunClient &, const Progress &)>;
    template <class T> using Done = std::function<void(Result<T>)>;
    using Report = std::function<void(int permille)>;
    using Owner = const QObject *;

    explicit RunQueue(QObject *parent = nullptr);
    ~RunQueue() override; ///< cancels and waits
    RunQueue(const RunQueue &) = delete;
    RunQueue &operator=(const RunQueue &) = delete;

    /// Work gets everything by value: it runs on the worker.
    template <class T>
    void post(Owner owner, Work<T> work, Done<T> done, Report report = {}, Priority priority = Priority::Asked)
    {
        append({owner, priority,
            [work = std::move(work), done = std::move(done)](RunClient &client, const Progress &progress) {
                auto result = std::make_shared<Result<T>>(guarded<T>([&] { return work(client, progress); }));
                return Deliver([result, done] { done(std::move(*result)); });
            },
            std::move(report), std::make_shared<Flags>()});
    }
    /// One run.
    void post(Owner owner, const RunRequest &request, Done<RunResult> done, Report report = {},
        Priority priority = Priority::Asked);

    /// Drops what waits and stops what runs; `done` of these is never called.
    void cancel(Owner owner);
    void cancelAll();
    /// Ends the program that runs networks, behind what waits; the next run starts it.
    void rest();
    /// Of each run that begins from now on (RunClient::setMemoryLimit).
    void setMemoryLimit(std::uint64_t bytes) { m_memoryLimit = bytes; }
    /// Something runs or waits that nobody has cancelled.
    bool busy() const;
    bool busy(Owner owner) const;

Q_SIGNALS:
    void busyChanged();

private:
    using Deliver = std::function<void()>;
    struct Flags {
        std::atomic<bool> isCancelled{false};
        std::atomic<int> permille{-1};
    };
    struct Job {
        Owner owner;
        Priority priority;
        std::function<Deliver(RunClient &, const Progress &)> work;
        Report report;
        std::shared_ptr<Flags> flags;
    };

    template <class T, class F> static Result<T> guarded(F work)
    {
        try {
            return work();
        } catch (const CancelledError &) {
            return tl::unexpected(Error{ErrorKind::Cancelled, {}, {}, "was cancelled"});
        } catch (const std::exception &error) {
            return tl::unexpected(Error{ErrorKind::Io, {}, {}, error.what()});
        }
    }
    void append(Job job);
    void next();
    void start(const Job &job);
    void finish(const Deliver &deliver);
    void cancelIf(const std::function<bool(const Job &)> &isMeant);

    std::deque<Job> m_waiting;
    std::optional<Job> m_running;
    std::set<Owner> m_owners; ///< whose end is waited for
    std::uint64_t m_memoryLimit = RunClientOptions().memoryLimit;
    std::unique_ptr<RunClient> m_client; ///< the worker's alone while something runs
    QThreadPool m_pool;
};

} // namespace quantscope
