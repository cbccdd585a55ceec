#include "pages/export/export_doubts.h"

#include "export/assumed.h"
#include "export/export_array.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "network/unconfirmed.h"

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;

namespace quantscope {

ExportDoubts::ExportDoubts(QWidget *parent)
    : QLabel(parent)
{
    setObjectName(u"export-doubts"_s);
    setTextFormat(Qt::PlainText);
    setWordWrap(true);
}

/// "conv1 weight, conv1 bias and 3 more", of those that are exported.
static QString listed(const Network &network, const std::vector<std::string> &layers,
    const std::function<bool(const SlotQuantizer &)> &wanted)
{
    static constexpr qsizetype kMost = 12;
    QStringList names;
    for (const std::string &name : layers)
        for (const Slot slotName : kExportedSlots) {
            const Layer &layer = *network.layer(name);
            const SlotQuantizer *slot = layer.slot(slotName);
            if (slot && wanted(*slot))
                names << shownText(name) + u' ' + qs(slotName);
        }
    return names.size() <= kMost
        ? names.join(u", "_s)
        : names.mid(0, kMost).join(u", "_s) + ExportDoubts::tr(" and %1 more").arg(names.size() - kMost);
}

/// Nothing of the layer can be written but what a proof contradicts.
static bool nothingLeft(const Layer &layer)
{
    bool wrong = false;
    for (const Slot slotName : kExportedSlots)
        if (const SlotQuantizer *slot = layer.slot(slotName)) {
            if (exportObstacle(*slot).empty())
                return false;
            wrong = wrong || slot->proof == ProofVerdict::Differs;
        }
    return wrong;
}

void ExportDoubts::show(const std::shared_ptr<const Network> &network, const std::vector<std::string> &layers,
    bool edited, std::size_t proposals)
{
    m_forbids = false;
    setToolTip({});
    if (!network || layers.empty())
        return clear();
    QStringList lines;
    const QString wrong
        = listed(*network, layers, [](const SlotQuantizer &slot) { return slot.proof == ProofVerdict::Differs; });
    const QString open = listed(*network, layers,
        [&](const SlotQuantizer &slot) { return exportObstacle(slot).empty() && isUnconfirmed(*network, slot); });
    m_forbids
        = std::ranges::any_of(layers, [&](const std::string &name) { return nothingLeft(*network->layer(name)); });
    if (!wrong.isEmpty())
        lines << tr("■ not exported, %1 says otherwise: %2")
                     .arg(network->recipe.proofs.empty() ? tr("what lies beside the file")
                                                         : tr("the proof in the recipe"),
                         wrong);
    if (!open.isEmpty())
        lines << u"▲ "_s + qs(assumedText(countAssumed(*network, layers)));
    if (edited)
        lines << tr("recipe edited, not saved");
    if (proposals > 0)
        lines << tr("%1 not applied: what is written is without").arg(countText(proposals, tr("proposal")));
    setText(lines.join(u'\n'));
    if (!open.isEmpty())
        setToolTip(
            plainTip(tr("Nobody has confirmed: %1. %2")
                         .arg(open,
                             traitsOf(network->dialect).editable
                                 ? tr("Confirm them on the page Recipe, or give the recipe of the training code.")
                                 : tr("An export of the same network beside the file would."))));
    QPalette colour = palette();
    colour.setColor(QPalette::WindowText,
        !wrong.isEmpty()      ? colours().redText
            : !open.isEmpty() ? colours().amberText
                              : colours().dim);
    setPalette(colour);
}

} // namespace quantscope
