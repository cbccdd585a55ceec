#include "session/run_queue.h"

#include <algorithm>

namespace quantscope {

RunQueue::RunQueue(QObject *parent)
    : QObject(parent)
{
    m_pool.setMaxThreadCount(1);
}

RunQueue::~RunQueue()
{
    m_waiting.clear();
    if (m_running)
        m_running->flags->isCancelled = true;
    m_pool.waitForDone();
}

void RunQueue::post(Owner owner, const RunRequest &request, Done<RunResult> done, Report report, Priority priority)
{
    post<RunResult>(
        owner, [request](RunClient &client, const Progress &progress) { return client.run(request, progress); },
        std::move(done), std::move(report), priority);
}

void RunQueue::append(Job job)
{
    if (job.owner != this && m_owners.insert(job.owner).second) // its own end needs no word
        connect(job.owner, &QObject::destroyed, this, [this, owner = job.owner] {
            m_owners.erase(owner);
            cancel(owner);
        });
    const auto place = std::ranges::find_if(
        m_waiting, [&](const Job &other) { return static_cast<int>(other.priority) < static_cast<int>(job.priority); });
    m_waiting.insert(place, std::move(job));
    next();
    Q_EMIT busyChanged();
}

void RunQueue::next()
{
    if (m_running || m_waiting.empty())
        return;
    if (!m_client)
        m_client = std::make_unique<RunClient>();
    m_running = std::move(m_waiting.front());
    m_waiting.pop_front();
    m_client->setMemoryLimit(m_memoryLimit); // nothing runs: it is nobody else's
    start(*m_running);
}

void RunQueue::start(const Job &job)
{
    m_pool.start([this, work = job.work, report = job.report, flags = job.flags] {
        const Progress progress([this, &report, &flags](std::uint64_t at, std::uint64_t total) {
            const int permille
                = total == 0 ? 0 : static_cast<int>(static_cast<double>(at) / static_cast<double>(total) * 1000);
            if (report && flags->permille.exchange(permille) != permille)
                QMetaObject::invokeMethod(
                    this,
                    [report, flags, permille] {
                        if (!flags->isCancelled)
                            report(permille);
                    },
                    Qt::QueuedConnection);
            return !flags->isCancelled;
        });
        const Deliver deliver = work(*m_client, progress);
        QMetaObject::invokeMethod(
            this, [this, deliver] { finish(deliver); }, Qt::QueuedConnection);
    });
}

void RunQueue::finish(const Deliver &deliver)
{
    const bool isWanted = !m_running->flags->isCancelled;
    m_running.reset();
    next();
    if (isWanted)
        deliver(); // may post or cancel
    Q_EMIT busyChanged();
}

void RunQueue::cancelIf(const std::function<bool(const Job &)> &isMeant)
{
    std::erase_if(m_waiting, isMeant);
    if (m_running && isMeant(*m_running))
        m_running->flags->isCancelled = true;
    Q_EMIT busyChanged();
}

void RunQueue::cancel(Owner owner)
{
    cancelIf([owner](const Job &job) { return job.owner == owner; });
}

void RunQueue::cancelAll()
{
    cancelIf([](const Job &) { return true; });
}

void RunQueue::rest()
{
    if (m_client)
        post<bool>(
            this,
            [](RunClient &client, const Progress &) {
                client.stop();
                return Result<bool>(true);
            },
            [](const Result<bool> &) {});
}

bool RunQueue::busy() const { return !m_waiting.empty() || (m_running && !m_running->flags->isCancelled); }

bool RunQueue::busy(Owner owner) const
{
    return (m_running && m_running->owner == owner && !m_running->flags->isCancelled)
        || std::ranges::any_of(m_waiting, [owner](const Job &job) { return job.owner == owner; });
}

} // namespace quantscope
