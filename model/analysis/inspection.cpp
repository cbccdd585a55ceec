#include "analysis/inspection.h"

#include "network/layer_index.h"

namespace quantscope {

const SlotStatistics *Inspection::of(const SlotId &slot) const
{
    const auto found = statistics.find(slot);
    return found == statistics.end() ? nullptr : found->second.get();
}

bool canAnalyse(const SlotQuantizer &slot) { return slot.isReadable(); }

bool sameCodes(const SlotQuantizer &a, const SlotQuantizer &b)
{
    if (a.tensor != b.tensor || a.channelAxis != b.channelAxis || a.quantizer.has_value() != b.quantizer.has_value())
        return false;
    if (a.quantizer == b.quantizer)
        return true; // as nearly all are after an edit
    Quantizer numbers = *a.quantizer;
    numbers.origin = b.quantizer->origin;
    return numbers == *b.quantizer;
}

StatisticsMap keptStatistics(const Inspection &before, const Network &network)
{
    StatisticsMap out;
    if (!before.network)
        return out;
    const LayerIndex layers(*before.network);
    for (const Layer &layer : network.layers) {
        const Layer *old = layers.find(layer.name);
        if (old == nullptr)
            continue;
        for (const SlotQuantizer &slot : layer.slots) {
            const auto known = before.statistics.find({old->id, slot.slot});
            const SlotQuantizer *had = old->slot(slot.slot);
            if (known != before.statistics.end() && had != nullptr && sameCodes(*had, slot))
                out.emplace(SlotId{layer.id, slot.slot}, known->second);
        }
    }
    return out;
}

} // namespace quantscope
