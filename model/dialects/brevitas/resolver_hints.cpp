#include "base/file_name.h"
#include "dialects/brevitas/resolver.h"
#include "network/feeds.h"
#include "network/layer_kinds.h"

#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool sameOverrides(const SlotSettings &a, const SlotSettings &b)
{
    return a.preset == b.preset && a.sharedWith == b.sharedWith && a.input == b.input && a.inputScale == b.inputScale
        && a.inputBitWidth == b.inputBitWidth && a.inputSigned == b.inputSigned && a.overrides == b.overrides
        && a.mentioned == b.mentioned && a.presetEntry == b.presetEntry && a.overrideEntry == b.overrideEntry;
}

/// "LAYER:SLOT" of the quantizers that others shared: their statistics were over all of them.
std::set<std::string> sharedQuantizers(const Network &network)
{
    std::set<std::string> owners;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (!slot.sharedWith.empty())
                owners.insert(slot.sharedWith);
    return owners;
}

} // namespace

/// A graph of the same network tells kinds and what feeds what; the recipe's own word stays stronger.
void Resolver::takeHints()
{
    if (m_hints.graph == nullptr)
        return;
    const std::string &path = m_hints.graph->file->path;
    m_network.flow = flowWithin(*m_hints.graph, m_network);
    m_network.toldBy = fileName(path);
    for (Layer &layer : m_network.layers) {
        const Layer *other = m_hints.graph->layer(layer.name);
        if (other == nullptr)
            continue;
        if (layer.kindAssumed && !other->kind.empty()) {
            layer.kind = other->kind;
            layer.kindAssumed = false;
            const auto state = m_states.find(layer.name);
            const LayerKind *kind = findLayerKind(layer.kind);
            SlotQuantizer *weight = layer.slot(Slot::Weight);
            if (weight != nullptr && (state == m_states.end() || !storedChannelAxis(*state->second, *m_network.file)))
                weight->channelAxis = kind != nullptr && kind->transposed && weight->shape.size() >= 3 ? 1 : 0;
        }
        if (std::string input = onlyInput(*m_hints.graph, other->id); !input.empty())
            m_feeds[layer.name] = std::move(input);
    }
}

bool Resolver::sameSettings(const Job &job, const Network &previous) const
{
    const Layer &layer = m_network.layers[job.layer];
    const Slot slot = layer.slots[job.slot].slot;
    const Layer *before = previous.layer(layer.name);
    const auto state = m_states.find(layer.name);
    const bool batchNorm = state != m_states.end() && state->second->batchNorm;
    return before != nullptr && before->slot(slot) != nullptr && before->kind == layer.kind
        && before->groups == layer.groups && before->stride == layer.stride
        && sameBatchNorm(previous.recipe, m_network.recipe, layer.name)
        && sameOverrides(job.settings, settingsFor(previous.recipe, layer.name, slot, !batchNorm));
}

/// Slots that the recipe's change does not touch are taken over. What depends on another slot (external bias, A2Q,
/// sharers) is computed again when that one is; those are cheap or rare.
void Resolver::takePrevious()
{
    const Network *previous = m_hints.previous;
    if (previous == nullptr || previous->file != m_network.file
        || previous->recipe.brevitas != m_network.recipe.brevitas)
        return;
    const std::set<std::string> owners = sharedQuantizers(*previous);
    for (Job &job : m_jobs) {
        const Slot kind = presetSlot(slotOf(job).slot);
        const bool depends = job.owner || !job.sharers.empty() || kind == Slot::Bias || kind == Slot::Trunc
            || !job.settings.input.empty() || job.settings.preset.starts_with("Int8AccumulatorAware");
        if (depends || !sameSettings(job, *previous)
            || owners.contains(fmt::format("{}:{}", layerOf(job).name, slotOf(job).slot)))
            continue;
        const SlotQuantizer &before = *previous->layer(layerOf(job).name)->slot(slotOf(job).slot);
        if (!before.quantizer || !before.quantizer->isComplete())
            continue; // its diagnostic must be said again
        job.settings.preset = before.preset;
        slotOf(job) = before;
        if (const auto spec = makeSpec(job.settings, m_version))
            job.spec = *spec;
        job.state = State::Done;
        const Subject subject(layerOf(job).id, slotOf(job).slot);
        const Subject then(previous->layer(layerOf(job).name)->id, slotOf(job).slot);
        for (const Diagnostic &d : previous->diagnostics)
            if (d.subject == then && d.severity == Severity::Warning)
                m_network.diagnostics.push_back({d.rule, d.severity, subject, d.text});
    }
}

} // namespace quantscope
