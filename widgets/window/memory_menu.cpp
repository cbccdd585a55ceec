#include "window/memory_menu.h"

#include "items/run_texts.h"
#include "session/session.h"
#include "window/main_window.h"

#include <QActionGroup>
#include <QMenu>

#include <algorithm>
#include <vector>

namespace quantscope {

void fillMemoryMenu(QMenu &menu, MainWindow &window)
{
    menu.clear();
    menu.setToolTipsVisible(true);
    RunStore &runs = window.session().runs();
    std::vector<std::uint64_t> amounts = {0, 256, 1000, 4000, 16000};
    if (std::ranges::find(amounts, runs.memory()) == amounts.end())
        amounts.push_back(runs.memory());
    std::ranges::sort(amounts);
    auto *group = new QActionGroup(&menu);
    for (const std::uint64_t megabytes : amounts) {
        QAction *action = group->addAction(memoryText(megabytes));
        action->setCheckable(true);
        action->setChecked(megabytes == runs.memory());
        action->setToolTip(memoryTip(megabytes));
        QObject::connect(action, &QAction::triggered, &window, [&runs, megabytes] { runs.setMemory(megabytes); });
        menu.addAction(action);
    }
}

} // namespace quantscope
