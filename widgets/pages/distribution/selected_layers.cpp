#include "pages/distribution/selected_layers.h"

#include "items/text.h"
#include "session/session.h"

namespace quantscope {

static constexpr qsizetype kMost = 5;

std::vector<BitOverlay> otherSelectedLayers(Session &session, const SlotRef &shown)
{
    std::vector<BitOverlay> overlays;
    if (!shown)
        return overlays;
    for (const QString &name : session.selectedLayers().mid(1, kMost)) {
        const SlotRef other = slotRef(session.network(), str(name), shown.slot->slot);
        if (const SlotStatistics *known = other.hasCodes() ? session.statistics().get(other.id()) : nullptr)
            overlays.push_back({shownText(name), known->bitWeights});
    }
    return overlays;
}

} // namespace quantscope
