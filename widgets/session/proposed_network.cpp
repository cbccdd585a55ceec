#include "session/proposed_network.h"

#include "analysis/analyse.h"
#include "network/layer_index.h"
#include "session/opening.h"

namespace quantscope {

namespace {

bool hasChanged(const Layer *old, const SlotQuantizer &slot)
{
    const SlotQuantizer *had = old ? old->slot(slot.slot) : nullptr;
    return !had || !sameCodes(*had, slot);
}

/// What the slot's diagnostics say, where it has no figures.
std::string problemIn(const Network &network, const SlotId &id)
{
    const Diagnostic *problem = problemOf(network, id);
    return problem ? problem->text : "no quantizer is known";
}

std::optional<Error> addFigures(ProposedNetwork &out, const SlotId &id, const Progress &progress)
{
    const SlotQuantizer &slot = *out.inspection.network->slot(id);
    if (out.inspection.of(id))
        return std::nullopt;
    if (!canAnalyse(slot)) {
        if (slot.tensor || !slot.quantizer || !slot.quantizer->isComplete())
            out.problems[id] = problemIn(*out.inspection.network, id);
        return std::nullopt;
    }
    auto known = analyse(slot, {.hash = false, .channels = true}, progress);
    if (known)
        out.inspection.statistics[id] = std::make_shared<const SlotStatistics>(std::move(*known));
    else if (known.error().kind == ErrorKind::Cancelled)
        return known.error();
    else
        out.problems[id] = known.error().message;
    return std::nullopt;
}

} // namespace

Result<std::shared_ptr<const ProposedNetwork>> proposeNetwork(const OpenedModel &opened, const Inspection &inForce,
    const Recipe &recipe, const std::vector<SlotChoice> &choices, const ProposedNetwork *previous,
    const Progress &progress)
{
    auto out = std::make_shared<ProposedNetwork>();
    out->recipe = withChoices(recipe, choices, *inForce.network);
    auto recovered
        = recoverEdited(opened, out->recipe, previous ? *previous->inspection.network : *inForce.network, progress);
    if (!recovered)
        return tl::unexpected(recovered.error());
    const Network &network = *(*recovered)->network;
    out->inspection.network = (*recovered)->network;
    out->inspection.diagnostics = network.diagnostics;
    out->inspection.statistics = keptStatistics(inForce, network);
    if (previous)
        out->inspection.statistics.merge(keptStatistics(previous->inspection, network));
    const LayerIndex before(*inForce.network);
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!hasChanged(before.find(layer.name), slot))
                continue;
            const SlotId id{layer.id, slot.slot};
            out->changed.push_back(id);
            if (auto error = addFigures(*out, id, progress))
                return tl::unexpected(std::move(*error));
        }
    out->totals = totalsOf(out->inspection);
    return out;
}

} // namespace quantscope
