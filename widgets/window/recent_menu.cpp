#include "window/recent_menu.h"

#include "items/text.h"
#include "session/settings.h"
#include "window/main_window.h"

#include <QFileInfo>
#include <QMenu>

namespace quantscope {

void fillRecentMenu(QMenu &menu, MainWindow &window)
{
    menu.clear();
    menu.setToolTipsVisible(true);
    for (const RecentFile &file : Settings::recentFiles()) {
        QString name = shownText(QFileInfo(file.path).fileName());
        QAction *action = menu.addAction(name.replace(QLatin1Char('&'), QLatin1String("&&")));
        action->setToolTip(shownText(file.path));
        QObject::connect(action, &QAction::triggered, &window, [&window, path = file.path] { window.open(path); });
    }
    if (menu.isEmpty())
        menu.addAction(QObject::tr("nothing was open before"))->setEnabled(false);
}

} // namespace quantscope
