#include "pages/distribution/selected_layers.h"

#include "items/text.h"
#include "network/layer_index.h"
#include "session/session.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kMost = 5;

/// The same slot of a second model, once its statistics are there.
static void addSecond(Session &session, const SlotRef &shown, std::vector<BitOverlay> &overlays)
{
    SecondModel &second = session.second();
    const auto comparison = second.comparison();
    const SlotDifference *pair = comparison ? comparison->of(shown.id()) : nullptr;
    if (!pair || !pair->b)
        return;
    const SlotId there{*pair->b, pair->slot};
    const bool hasCodes = comparison->b->slot(there)->hasCodes();
    if (const SlotStatistics *known = hasCodes ? second.statistics().get(there) : nullptr)
        overlays.push_back({u"B: "_s + second.name(), known->bitWeights});
}

/// The other selected layers that have codes there.
static std::vector<SlotRef> othersWithCodes(const Session &session, const SlotRef &shown)
{
    std::vector<SlotRef> others;
    if (!shown || session.selectedLayers().size() < 2)
        return others;
    for (const LayerIndex index(*session.network()); const QString &name : session.selectedLayers().mid(1)) {
        const Layer *layer = index.find(str(name));
        const SlotQuantizer *slot = layer ? layer->slot(shown.slot->slot) : nullptr;
        if (slot && slot->hasCodes())
            others.push_back({session.network(), layer, slot});
    }
    return others;
}

std::vector<BitOverlay> otherSelectedLayers(Session &session, const SlotRef &shown)
{
    std::vector<BitOverlay> overlays;
    if (!shown)
        return overlays;
    addSecond(session, shown, overlays);
    std::vector<SlotRef> others = othersWithCodes(session, shown);
    others.resize(std::min(others.size(), kMost));
    for (const SlotRef &other : others)
        if (const SlotStatistics *known = session.statistics().get(other.id()))
            overlays.push_back({shownText(other.layer->name), known->bitWeights});
    return overlays;
}

QString notDrawnText(const Session &session, const SlotRef &shown)
{
    const std::size_t others = othersWithCodes(session, shown).size();
    return others <= kMost ? QString()
                           : QObject::tr("%1 not drawn").arg(countText(others - kMost, QObject::tr("selected layer")));
}

} // namespace quantscope
