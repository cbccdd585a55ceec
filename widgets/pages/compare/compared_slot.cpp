#include "pages/compare/compared_slot.h"

#include "dialects/brevitas/presets.h"
#include "items/text.h"
#include "network/layer_index.h"
#include "session/session.h"

#include <algorithm>

namespace quantscope {

Slot comparedSlot(const Session &session, bool knowsFlows)
{
    const SlotRef current = session.currentSlot();
    const Slot shown = current ? current.slot->slot : Slot::Weight;
    if (knowsFlows || presetSlot(shown) != Slot::Act || session.selectedLayers().size() < 2)
        return shown;
    const LayerIndex index(*session.network());
    const bool hasWeights = std::ranges::any_of(session.selectedLayers(), [&](const QString &name) {
        const Layer *layer = index.find(str(name));
        return layer && layer->slot(Slot::Weight);
    });
    return hasWeights ? Slot::Weight : shown;
}

} // namespace quantscope
