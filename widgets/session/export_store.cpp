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
    m_run = std::make_shared<const int>();
    const auto steps = [this, run = m_run](const ExportStep &step) {
        QMetaObject::invokeMethod(
            this, [this, run, text = shownText(stepText(step))] { showStep(run, text); }, Qt::QueuedConnection);
    };
    m_writing.start([network, request, steps](
                        const Progress &progress) { return exportLayers(*network, request, progress, steps); },
        [this, network, request](Result<ExportReport> report) {
            m_written.emplace(Written{network, request, QTime::currentTime().toString(u"HH:mm"_s), std::move(report)});
            Q_EMIT finished();
        },
        [this](int permille) {
            m_permille = permille;
            Q_EMIT progress(permille);
        });
    Q_EMIT started();
}

void ExportStore::showStep(const std::shared_ptr<const int> &run, const QString &step)
{
    if (run != m_run || !running())
        return;
    m_step = step;
    Q_EMIT progress(m_permille);
}

void ExportStore::cancel()
{
    if (!running())
        return;
    m_writing.cancel();
    Q_EMIT finished();
}

} // namespace quantscope
