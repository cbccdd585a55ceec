#include "window/window_layout.h"

#include "session/settings.h"
#include "window/work_splitter.h"

#include <QMainWindow>

using namespace Qt::StringLiterals;

namespace quantscope {

static const QString kWindowGeometry = u"window/geometry"_s;
static const QString kLeftShare = u"window/left-share"_s;
static const QString kProblemsShare = u"window/problems-share"_s;

QSize firstSize(const QSize &available)
{
    static constexpr QSize kWished(1440, 900);
    static constexpr QSize kTitle(0, 32);
    return kWished.boundedTo(available - kTitle);
}

bool hasSavedGeometry() { return !Settings::bytes(kWindowGeometry).isEmpty(); }

void saveLayout(const QMainWindow &window, const WorkSplitter *split, const QSplitter *left)
{
    Settings::setBytes(kWindowGeometry, window.saveGeometry());
    if (!split || !left)
        return;
    if (const auto share = split->share())
        Settings::setText(kLeftShare, QString::number(*share));
    Settings::setText(kProblemsShare, QString::number(shareOfSecond(*left)));
}

void restoreGeometry(QMainWindow &window)
{
    if (hasSavedGeometry())
        window.restoreGeometry(Settings::bytes(kWindowGeometry));
}

void restoreShares(WorkSplitter &split, QSplitter &left)
{
    if (const double share = Settings::text(kLeftShare).toDouble(); share > 0)
        split.setShare(share);
    if (const int share = Settings::text(kProblemsShare).toInt(); share > 0)
        setShareOfSecond(left, share);
}

} // namespace quantscope
