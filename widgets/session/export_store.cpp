#include "session/export_store.h"

#include "base/file_name.h"
#include "items/text.h"

#include <QTime>

using namespace Qt::StringLiterals;

namespace quantscope {

void ExportStore::start(std::shared_ptr<const Network> network, const ExportRequest &request)
{
    if (running())
        return;
    m_written.reset();
    m_verifies = request.verify;
    m_to = tr("exporting %1 to %2").arg(shownText(fileName(network->file->path)), shownText(request.folder));
    m_step = countText(request.layers.size(), tr("layer"));
    m_permille = 0;
    m_isCancelled = std::make_shared<std::atomic<bool>>(false);
    const auto steps = [this, run = m_isCancelled](const ExportStep &step) {
        QMetaObject::invokeMethod(
            this, [this, run, text = shownText(stepText(step))] { showStep(run, text); }, Qt::QueuedConnection);
    };
    m_writing.start(
        [network, request, steps, isCancelled = m_isCancelled](const Progress &progress) {
            const Progress stoppable([&](std::uint64_t done, std::uint64_t total) {
                progress.step(done, total);
                return !*isCancelled;
            });
            return exportLayers(*network, request, stoppable, steps);
        },
        [this, network, request](Result<ExportReport> report) { take(network, request, std::move(report)); },
        [this](int permille) {
            m_permille = permille;
            if (!stopping())
                Q_EMIT progress(permille);
        });
    Q_EMIT started();
}

/// The files may stand there before a cancel reaches the worker: what is told is what it answers.
void ExportStore::take(
    std::shared_ptr<const Network> network, const ExportRequest &request, Result<ExportReport> report)
{
    if (report || report.error().kind != ErrorKind::Cancelled)
        m_written.emplace(Written{
            std::move(network), request, QTime::currentTime().toString(u"HH:mm"_s), std::move(report), *m_isCancelled});
    Q_EMIT finished();
}

void ExportStore::showStep(const std::shared_ptr<std::atomic<bool>> &run, const QString &step)
{
    if (run != m_isCancelled || !running() || stopping())
        return;
    m_step = step;
    Q_EMIT progress(m_permille);
}

void ExportStore::cancel()
{
    if (!running() || stopping())
        return;
    *m_isCancelled = true;
    m_step = tr("stopping");
    Q_EMIT stops(m_permille);
}

} // namespace quantscope
