#pragma once

#include "base/error.h"
#include "base/progress.h"

#include <QFutureWatcher>
#include <QObject>
#include <QPromise>
#include <QThreadPool>
#include <QtConcurrent>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace quantscope {

/// No error leaves what `work` does except as a Result.
template <class T, class F> Result<T> guarded(F &&work)
{
    try {
        return work();
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, {}, error.offset(), error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, {}, {}, "cancelled"});
    } catch (const std::exception &error) {
        return tl::unexpected(Error{ErrorKind::Io, {}, {}, error.what()});
    }
}

/// One kind of background work: starting it again cancels what runs, results of an older start are dropped, and the
/// destructor cancels and waits. Work gets everything by value; no error leaves it except as a Result.
template <class T> class Task {
public:
    using Work = std::function<Result<T>(const Progress &)>;
    using Done = std::function<void(Result<T>)>;
    using Report = std::function<void(int permille)>;
    /// Work that tells what it knows so far; `Show` gets the newest of it, at most once a turn of the event loop.
    using Showing = std::function<Result<T>(const Progress &, const std::function<void(T)> &)>;
    using Show = std::function<void(const T &)>;

    Task() { m_pool.setMaxThreadCount(1); }
    ~Task()
    {
        cancel();
        m_pool.waitForDone();
    }
    Task(const Task &) = delete;
    Task &operator=(const Task &) = delete;

    void start(Work work, Done done, Report report = {})
    {
        cancel();
        launch(++m_era, std::move(work), std::move(done), std::move(report));
    }

    void startShowing(Showing work, Done done, Show show)
    {
        cancel();
        const auto era = ++m_era;
        auto latest = std::make_shared<Latest>();
        auto tell = [this, era, latest, show = std::move(show)](T value) {
            const std::lock_guard lock(latest->mutex);
            const bool waiting = latest->value.has_value();
            latest->value = std::move(value);
            if (waiting)
                return; // it has not come to show the one before
            QMetaObject::invokeMethod(
                &m_context,
                [this, era, latest, show] {
                    std::unique_lock taken(latest->mutex);
                    const std::optional<T> newest = std::exchange(latest->value, std::nullopt);
                    taken.unlock();
                    if (era == m_era && m_running && newest)
                        show(*newest);
                },
                Qt::QueuedConnection);
        };
        launch(era, [work = std::move(work), tell](const Progress &progress) { return work(progress, tell); },
            std::move(done), {});
    }

    bool running() const { return m_running; }
    void cancel()
    {
        ++m_era;
        m_running = false;
        m_future.cancel();
    }

private:
    struct Latest {
        std::mutex mutex;
        std::optional<T> value;
    };

    void launch(std::uint64_t era, Work work, Done done, Report report)
    {
        m_running = true;
        m_future = QtConcurrent::run(&m_pool, [work = std::move(work)](QPromise<Result<T>> &promise) {
            promise.setProgressRange(0, 1000);
            const Progress progress([&promise](std::uint64_t at, std::uint64_t total) {
                if (total > 0)
                    promise.setProgressValue(
                        static_cast<int>(static_cast<double>(at) / static_cast<double>(total) * 1000));
                return !promise.isCanceled();
            });
            promise.addResult(guarded<T>([&] { return work(progress); }));
        });
        watch(era, std::move(done), std::move(report));
    }

    void watch(std::uint64_t era, Done done, Report report)
    {
        auto *watcher = new QFutureWatcher<Result<T>>(&m_context);
        if (report)
            QObject::connect(watcher, &QFutureWatcherBase::progressValueChanged, &m_context,
                [this, era, report = std::move(report)](int value) {
                    if (era == m_era)
                        report(value);
                });
        QObject::connect(
            watcher, &QFutureWatcherBase::finished, &m_context, [this, era, watcher, done = std::move(done)] {
                watcher->deleteLater();
                if (era != m_era || watcher->future().resultCount() == 0)
                    return;
                m_running = false;
                done(watcher->result());
            });
        watcher->setFuture(m_future);
    }

    std::uint64_t m_era = 0;
    bool m_running = false;
    QFuture<Result<T>> m_future;
    QObject m_context;
    QThreadPool m_pool;
};

} // namespace quantscope
