#include "pages/parts/preset_menu.h"

#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/spec.h"
#include "items/text.h"
#include "lab/compare.h"
#include "session/session.h"

#include <QActionGroup>
#include <QMenu>

#include <algorithm>

namespace quantscope {

QMenu *presetMenu(Session &session, const Layer &layer, const SlotQuantizer &slot, QWidget *parent,
    const std::vector<std::pair<std::string, Slot>> &others, const QString &scope)
{
    auto *menu = new QMenu(parent);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    const QString layerName = qs(layer.name);
    const auto add = [&](const std::string &preset, const QString &tip) {
        auto *action = menu->addAction(qs(preset));
        action->setCheckable(true);
        action->setChecked(preset == slot.preset);
        action->setToolTip(tip);
        QObject::connect(
            action, &QAction::triggered, &session, [&session, layerName, slot = slot.slot, preset, others] {
                std::vector<SlotChoice> choices = {{str(layerName), slot, preset, {}}};
                for (const auto &[otherLayer, otherSlot] : others)
                    choices.push_back({otherLayer, otherSlot, preset, {}});
                session.applyChoices(choices,
                    choices.size() == 1 ? QStringLiteral("%1 %2: %3").arg(layerName, qs(slot), qs(preset))
                                        : QObject::tr("%1 quantizers: %2").arg(choices.size()).arg(qs(preset)));
            });
    };
    if (!scope.isEmpty())
        menu->addAction(scope)->setEnabled(false);
    if (!slot.alternatives.empty())
        menu->addSection(QObject::tr("Fits what the file stores"));
    for (const std::string &preset : slot.alternatives)
        add(preset, QObject::tr("fits the keys and shapes in the file as well"));
    menu->addSection(QObject::tr("All presets for this slot"));
    SlotSettings alone;
    for (const std::string &preset : presetNames(slot.slot)) {
        alone.preset = preset;
        // Another version's presets are errors of the recipe.
        if (std::find(slot.alternatives.begin(), slot.alternatives.end(), preset) == slot.alternatives.end()
            && makeSpec(alone, versionOf(session.network()->recipe)))
            add(preset, {});
    }
    return menu;
}

} // namespace quantscope
