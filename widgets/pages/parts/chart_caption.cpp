#include "pages/parts/chart_caption.h"

#include "base/file_name.h"
#include "items/facts.h"
#include "items/text.h"
#include "session/session.h"

#include <QFileInfo>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace quantscope {

/// A name that every file system takes.
static QString pictureName(const QStringList &parts)
{
    static const QRegularExpression unusual(u"[^A-Za-z0-9._-]+"_s);
    return parts.join(u'-').replace(unusual, u"_"_s);
}

ChartCaption networkCaption(const Session &session, const QString &chart)
{
    const QFileInfo file(session.path());
    return {.title = u"%1: %2"_s.arg(shownText(file.fileName()), chart),
        .detail = countText(session.network() ? session.network()->layers.size() : 0, u"layer"_s),
        .folder = file.path(),
        .name = pictureName({qs(fileName(modelStem(str(session.path())))), chart})};
}

ChartCaption chartCaption(const Session &session, const SlotRef &slot, const QString &chart)
{
    if (!slot)
        return {};
    const QFileInfo file(session.path());
    const QString layer = qs(slot.layer->name);
    const QString what = qs(slot.slot->slot);
    QStringList details{shownText(file.fileName())};
    if (slot.slot->quantizer)
        details << typeText(*slot.slot->quantizer);
    if (slot.slot->quantizer && slot.slot->quantizer->scale)
        details << u"scale "_s + scaleFullText(*slot.slot->quantizer->scale);
    return {.title = u"%1 %2: %3"_s.arg(shownText(layer), what, chart),
        .detail = details.join(u" · "_s),
        .folder = file.path(),
        .name = pictureName({qs(fileName(modelStem(str(session.path())))), layer, what, chart})};
}

} // namespace quantscope
