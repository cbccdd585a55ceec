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
    m_text = tr("exporting %1 to %2: %3")
                 .arg(shownText(fileName(network->file->path)), shownText(request.folder),
                     countText(request.layers.size(), tr("layer")));
    m_writing.start([network, request](const Progress &progress) { return exportLayers(*network, request, progress); },
        [this, network, request](Result<ExportReport> report) {
            m_written.emplace(Written{network, request, QTime::currentTime().toString(u"HH:mm"_s), std::move(report)});
            Q_EMIT finished();
        },
        [this](int permille) { Q_EMIT progress(permille); });
    Q_EMIT started();
}

void ExportStore::cancel()
{
    if (!running())
        return;
    m_writing.cancel();
    Q_EMIT finished();
}

} // namespace quantscope
