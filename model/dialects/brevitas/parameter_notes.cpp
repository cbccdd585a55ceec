#include "dialects/brevitas/parameter_notes.h"

#include "dialects/brevitas/packed_rules.h"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What is read is stronger than what a recipe says of it.
void noteReadWins(Network &network, const BrevitasFacts &facts)
{
    std::vector<std::string> names;
    for (SlotIndex i = 0; i < facts.slots.size(); ++i) {
        const SlotQuantizer &slot = facts.slotOf(i);
        const bool read = (slot.tensor && slot.tensor->affine)
            || (facts.keysOf(i) != nullptr && facts.keysOf(i)->torchAo) || packedWeightOf(facts, i) != nullptr;
        if (read && facts.slots[i].settings.mentioned)
            names.push_back(fmt::format("{} {}", facts.layerOf(i).name, slot.slot));
    }
    if (names.empty())
        return;
    network.diagnostics.push_back({"recipe-unused", Severity::Warning, "",
        fmt::format("the recipe speaks of {} ({}{}), whose quantizers the file itself holds: what is read stands",
            names.size() == 1 ? "a slot" : fmt::format("{} slots", names.size()), names.front(),
            names.size() == 1 ? "" : ", ...")});
}

/// Weights that the network computes from what the file holds.
void noteComputed(Network &network)
{
    const SlotQuantizer *first = nullptr;
    std::size_t count = 0;
    Subject subject;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (!slot.computed.empty() && ++count == 1) {
                first = &slot;
                subject = {layer.id, slot.slot};
            }
    if (first != nullptr)
        network.diagnostics.push_back({"weight-computed", Severity::Note, subject,
            fmt::format("{} is computed as the network does: {}{}", first->tensorName, first->computed,
                count == 1 ? "" : fmt::format("; {} more tensors are computed likewise", count - 1))});
}

/// A pruned or normed weight whose partner is missing is shown as it is stored.
void noteUnmasked(Network &network, const BrevitasFacts &facts)
{
    for (const StateLayer &state : facts.dict.layers)
        if (state.weightFrom && state.weightFrom->rule == Reparametrization::Rule::Unmasked)
            if (const Layer *layer = network.layer(state.name))
                network.diagnostics.push_back({"mask-missing", Severity::Warning, {layer->id, Slot::Weight},
                    fmt::format("{}: {} is shown as it is stored: what the network makes of it (a mask?) is not in the "
                                "file",
                        layer->name, facts.file->tensors[*state.weight].name)});
}

} // namespace

void noteParameters(Network &network, const BrevitasFacts &facts)
{
    noteReadWins(network, facts);
    noteComputed(network);
    noteUnmasked(network, facts);
}

} // namespace quantscope
