#include "checks/sharing.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// As far as the file and the recipe have them: one object has one of each.
bool sameFields(const SlotQuantizer &a, const SlotQuantizer &b)
{
    return a.quantizer && b.quantizer && a.quantizer->kind == b.quantizer->kind
        && a.quantizer->bitWidth == b.quantizer->bitWidth && a.quantizer->isSigned == b.quantizer->isSigned
        && a.quantizer->narrow == b.quantizer->narrow && a.quantizer->scale == b.quantizer->scale;
}

/// What slots whose threshold lies in one storage have in common.
std::string sharedThing(const Network &network, const std::vector<SlotId> &sharers)
{
    const SlotQuantizer &first = *network.slot(sharers.front());
    const auto all = [&](auto same) {
        return std::ranges::all_of(sharers, [&](const SlotId &id) { return same(*network.slot(id)); });
    };
    if (all([&](const SlotQuantizer &slot) { return sameFields(first, slot); }))
        return "are one quantizer";
    const bool oneScale = first.quantizer && first.quantizer->scale && all([&](const SlotQuantizer &slot) {
        return slot.quantizer && slot.quantizer->scale == first.quantizer->scale;
    });
    return oneScale ? "have one threshold and one scale" : "have one threshold, though not one scale";
}

/// Aliased storages prove sharing: Brevitas writes one object's parameter under each owner.
void aliasedParameters(const Network &network, std::vector<Diagnostic> &out)
{
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<SlotId>> owners;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!slot.storedScale)
                continue;
            const TensorInfo &tensor = network.file->tensors[*slot.storedScale];
            if (tensor.storage.id != 0)
                owners[{tensor.storage.id, tensor.firstElement}].push_back({layer.id, slot.slot});
        }
    for (const auto &[storage, sharers] : owners) {
        if (sharers.size() == 1)
            continue;
        std::vector<std::string> names;
        for (const SlotId &owner : sharers)
            names.push_back(fmt::format("{}:{}", network.layer(owner.layer).name, owner.slot));
        out.push_back({"shared-proven", Severity::Note, {sharers.front().layer, sharers.front().slot},
            fmt::format("{} {}: their scaling_impl.value is the same storage", fmt::join(names, ", "),
                sharedThing(network, sharers))});
    }
}

struct Weight {
    const Layer *layer = nullptr;
    const SlotQuantizer *slot = nullptr;
    std::int64_t reach = 0;
    bool reachesLimit = false;
};

/// Statistics-based scales leave no trace in the file; equal scales with an unreached limit give sharing away.
void equalScales(const Network &network, const StatisticsMap &statistics, std::vector<Diagnostic> &out)
{
    std::map<float, std::vector<Weight>> byScale;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *slot = layer.slot(Slot::Weight);
        const auto found = statistics.find({layer.id, Slot::Weight});
        if (slot == nullptr || found == statistics.end() || !slot->quantizer || !slot->quantizer->isComplete()
            || !slot->quantizer->scale->perTensor() || slot->quantizer->kind != QuantizerKind::Affine
            || !slot->sharedWith.empty())
            continue;
        const float scale = slot->quantizer->scale->values[0];
        if (!std::isfinite(scale))
            continue; // equal to nothing, and no key of an ordered map
        const CodeRange range = codeRange(*slot->quantizer);
        if (range.size() == 1)
            continue; // one narrow bit: its only code says nothing of the scale
        const std::int64_t reach = std::max(std::abs(found->second->codesMin), std::abs(found->second->codesMax));
        const bool powerOfTwo = fractionalBits(scale).has_value();
        byScale[scale].push_back({&layer, slot, reach, powerOfTwo ? reach * 2 > range.max : reach >= range.max});
    }
    for (const auto &[scale, weights] : byScale) {
        const auto full = std::find_if(weights.begin(), weights.end(), [](const Weight &w) { return w.reachesLimit; });
        if (full == weights.end())
            continue;
        for (const Weight &w : weights)
            if (!w.reachesLimit && w.slot->quantizer->bitWidth == full->slot->quantizer->bitWidth)
                out.push_back({"shared-suspected", Severity::Note, {w.layer->id, Slot::Weight},
                    fmt::format("{} weight has the scale of {} ({}) but its largest code is only {}: they probably "
                                "share one quantizer",
                        w.layer->name, full->layer->name, powerText(scale), w.reach)});
    }
}

} // namespace

std::vector<Diagnostic> checkSharing(const Network &network, const StatisticsMap &statistics)
{
    std::vector<Diagnostic> out;
    aliasedParameters(network, out);
    equalScales(network, statistics, out);
    return out;
}

} // namespace quantscope
