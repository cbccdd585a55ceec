#include "pages/distribution/selected_layers.h"

#include "items/text.h"
#include "session/session.h"

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr qsizetype kMost = 5;

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

std::vector<BitOverlay> otherSelectedLayers(Session &session, const SlotRef &shown)
{
    std::vector<BitOverlay> overlays;
    if (!shown)
        return overlays;
    addSecond(session, shown, overlays);
    for (const QString &name : session.selectedLayers().mid(1, kMost)) {
        const SlotRef other = slotRef(session.network(), str(name), shown.slot->slot);
        if (const SlotStatistics *known = other.hasCodes() ? session.statistics().get(other.id()) : nullptr)
            overlays.push_back({shownText(name), known->bitWeights});
    }
    return overlays;
}

} // namespace quantscope
