#include "window/window_actions.h"

#include "items/text.h"
#include "window/actions.h"
#include "window/main_window.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>

using namespace Qt::StringLiterals;

namespace quantscope {

WindowActions::WindowActions(MainWindow &window)
    : m_window(window)
{
    QMenu *menu = nullptr;
    QString menuName;
    int group = 0;
    for (const ActionRow &row : actionTable()) {
        QAction *action = make(row);
        if (row.menu.isEmpty())
            continue;
        if (row.menu != menuName) {
            menu = window.menuBar()->addMenu(row.menu);
            menuName = row.menu;
            group = row.group;
        }
        if (row.group != group)
            menu->addSeparator();
        group = row.group;
        menu->addAction(action);
    }
}

QAction *WindowActions::make(const ActionRow &row)
{
    auto *action = new QAction(row.text, &m_window);
    action->setShortcuts(row.keys);
    action->setStatusTip(row.tip);
    action->setToolTip(row.tip);
    connect(action, &QAction::triggered, this, [this, &row] {
        row.run(m_window);
        update(); // a click has turned its mark
    });
    action->setCheckable(row.isOn != nullptr);
    m_actions.emplace_back(action, &row);
    m_window.addAction(action);
    if (row.fill) {
        auto *own = new QMenu(&m_window);
        connect(own, &QMenu::aboutToShow, this, [this, own, &row] { row.fill(*own, m_window); });
        action->setMenu(own);
    }
    return action;
}

void WindowActions::update()
{
    const bool open = m_window.session().network() != nullptr;
    for (const auto &[action, row] : m_actions) {
        const bool can = !row->needsModel || open;
        action->setEnabled(can && (!row->isPossible || row->isPossible(m_window)));
        if (row->isOn)
            action->setChecked(can && row->isOn(m_window));
        if (const QString detail = row->detail && can ? row->detail(m_window) : QString(); !detail.isEmpty())
            action->setText(row->text + u": "_s + shownText(detail).replace(u'&', u"&&"_s));
        else
            action->setText(row->text);
    }
}

} // namespace quantscope
