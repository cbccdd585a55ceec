#include "export/assumed.h"

#include "export/export_array.h"
#include "network/unconfirmed.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool bitsAssumed(const SlotQuantizer &slot)
{
    const auto origin = slot.quantizer->origin.find("bit_width");
    return origin != slot.quantizer->origin.end() && origin->second.origin == Origin::Assumed;
}

void countLayer(const Network &network, const Layer &layer, AssumedCount &count)
{
    std::size_t exported = 0, assumed = 0;
    bool bits = false;
    for (const Slot name : kExportedSlots) {
        const SlotQuantizer *slot = layer.slot(name);
        if (slot == nullptr || !exportObstacle(*slot).empty())
            continue;
        ++exported;
        if (!isUnconfirmed(network, *slot))
            continue;
        ++assumed;
        bits = bits || bitsAssumed(*slot);
    }
    count.slots += assumed;
    count.layers += assumed > 0 ? 1 : 0;
    count.bitLayers += bits ? 1 : 0;
    count.ofLayers += exported > 0 ? 1 : 0;
}

} // namespace

AssumedCount countAssumed(const Network &network, std::span<const std::string> layers)
{
    AssumedCount count;
    for (const Layer &layer : network.layers)
        if (layers.empty() || std::ranges::find(layers, layer.name) != layers.end())
            countLayer(network, layer, count);
    return count;
}

std::string assumedText(const AssumedCount &count)
{
    if (count.layers == 0)
        return {};
    const std::string of = fmt::format("of {} {}", count.ofLayers, count.ofLayers == 1 ? "layer" : "layers");
    if (count.bitLayers == 0)
        return fmt::format("scales or other fields of {} {} are assumed", count.layers, of);
    std::string text = fmt::format("bits of {} {} are assumed", count.bitLayers, of);
    if (count.layers > count.bitLayers)
        text += fmt::format(", other fields of {} more", count.layers - count.bitLayers);
    return text;
}

} // namespace quantscope
