#include "pages/parts/override_menu.h"

#include "dialects/brevitas/overrides.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/spec_keywords.h"
#include "items/text.h"
#include "recipe/layer_match.h"
#include "session/session.h"

#include <QMenu>

using namespace Qt::StringLiterals;

namespace quantscope {

/// Values that are offered of a keyword; those of numbers are what people choose.
static std::vector<std::string> offeredValues(const std::string &keyword, Slot slot)
{
    if (keyword != "bit_width")
        return keywordWords(keyword, slot);
    std::vector<std::string> bits;
    for (const int width : {2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32})
        bits.push_back(std::to_string(width));
    return bits;
}

/// What is in force of a field, as its keyword writes it; empty where it is not known.
static std::string valueInForce(const SlotQuantizer &slot, const std::string &keyword)
{
    if (!slot.quantizer)
        return {};
    const Quantizer &q = *slot.quantizer;
    const auto flag = [](const std::optional<bool> &value) { return !value ? "" : *value ? "true" : "false"; };
    if (keyword == "bit_width")
        return q.bitWidth ? std::to_string(*q.bitWidth) : std::string();
    return keyword == "signed" ? flag(q.isSigned) : keyword == "narrow_range" ? flag(q.narrow) : "";
}

static void addField(
    QMenu &menu, Session &session, const Layer &layer, const SlotQuantizer &slot, const std::string &keyword)
{
    const std::vector<std::string> values = offeredValues(keyword, slot.slot);
    if (values.empty())
        return;
    QMenu *field = menu.addMenu(qs(keyword));
    for (const std::string &value : values) {
        QAction *action = field->addAction(qs(value));
        action->setCheckable(true);
        action->setChecked(value == valueInForce(slot, keyword));
        QObject::connect(
            action, &QAction::triggered, &session, [&session, name = layer.name, of = slot.slot, keyword, value] {
                session.applyChoices({{name, of, {}, {{keyword, value}}}},
                    u"%1 %2: %3 = %4"_s.arg(shownText(name), qs(of), qs(keyword), qs(value)));
            });
    }
}

/// What an entry for this slot alone says.
static void addRemovals(QMenu &menu, Session &session, const Layer &layer, Slot slot)
{
    const SlotSettings said = settingsFor(session.recipe(), layer.name, slot);
    bool first = true;
    for (const auto &[keyword, value] : said.overrides) {
        if (!withoutKeyword(session.recipe(), layer.name, slot, keyword))
            continue;
        if (std::exchange(first, false))
            menu.addSection(QObject::tr("Said of this quantizer alone"));
        QAction *action = menu.addAction(QObject::tr("Remove %1 = %2").arg(qs(keyword), shownText(value)));
        QObject::connect(action, &QAction::triggered, &session,
            [&session, name = layer.name, slot, keyword = keyword] { session.removeKeyword(name, slot, keyword); });
    }
}

QMenu *overrideMenu(Session &session, const Layer &layer, const SlotQuantizer &slot, QWidget *parent)
{
    auto *menu = new QMenu(parent);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addSection(QObject::tr("Say otherwise"));
    for (const std::string &keyword : overrideNames(slot.slot))
        addField(*menu, session, layer, slot, keyword);
    addRemovals(*menu, session, layer, slot.slot);
    return menu;
}

} // namespace quantscope
