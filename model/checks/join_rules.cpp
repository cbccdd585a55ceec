#include "checks/join_rules.h"

#include "checks/join_grids.h"
#include "checks/quantizer_facts.h"
#include "network/joins.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string operatorName(const FlowNode &node)
{
    return node.name.empty() ? node.opType : fmt::format("{} node {}", node.opType, node.name);
}

std::string slotWords(const Network &network, const SlotId &id)
{
    const SlotQuantizer *slot = network.slot(id);
    const std::string grid = slot != nullptr && slot->quantizer ? gridWords(*slot->quantizer) : std::string();
    return fmt::format("{} {}{}", network.layer(id.layer).name, id.slot, grid.empty() ? grid : " (" + grid + ")");
}

/// The one that most inputs have; among equals the one that reaches furthest, under which nothing of the others is
/// clipped.
std::optional<SlotId> quantizerToShare(const Network &network, const Join &join)
{
    std::optional<SlotId> best;
    bool bestDiffers = true;
    double bestReach = -1;
    for (const JoinInput &input : join.inputs) {
        if (input.arrival.kind != Arrival::Kind::Quantized)
            continue;
        const double reach = reachOf(*network.slot(*input.arrival.quantizer)->quantizer).value_or(0);
        if (!best || (bestDiffers && !input.differs) || (bestDiffers == input.differs && reach > bestReach)) {
            best = input.arrival.quantizer;
            bestDiffers = input.differs;
            bestReach = reach;
        }
    }
    return best;
}

std::size_t inputsOfKind(const Join &join, Arrival::Kind kind)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(join.inputs, [&](const JoinInput &input) { return input.arrival.kind == kind; }));
}

void findDiffering(const CheckFacts &facts, Findings &out)
{
    const Network &network = facts.network;
    std::size_t open = 0;
    std::string first;
    for (const Join &join : joinsOf(facts.arrivals)) {
        if (!join.disagrees()) {
            const bool isOpen = inputsOfKind(join, Arrival::Kind::Unknown) > 0;
            if (isOpen && open++ == 0)
                first = operatorName(network.flow.node(join.node));
            continue;
        }
        const SlotId at = lastDiffering(join);
        Finding finding;
        finding.severity = facts.target == Target::Finn ? Severity::Error : Severity::Warning;
        finding.subject = {at.layer, at.slot};
        finding.node = join.node;
        finding.text = joinDifference(network, join);
        const auto shared = quantizerToShare(network, join);
        finding.fix = fmt::format("let one quantizer make all of them{}: in Brevitas one "
                                  "QuantIdentity(return_quant_tensor=True) that every branch goes through",
            shared ? ", best " + slotWords(network, *shared) : std::string());
        out.add(std::move(finding));
    }
    if (open > 0)
        out.leaveOpen("scales-differ",
            fmt::format("{} of the joins {} an input of which nothing says how it is quantized, {} first", open,
                open == 1 ? "has" : "have", first));
}

/// One object: the same slot, or parameters in one storage.
bool areOne(const Network &network, const SlotId &a, const SlotId &b)
{
    if (a == b)
        return true;
    const SlotQuantizer &left = *network.slot(a), &right = *network.slot(b);
    if (!left.storedScale || !right.storedScale)
        return false;
    const TensorInfo &one = network.file->tensors[*left.storedScale],
                     &other = network.file->tensors[*right.storedScale];
    return one.storage.id != 0 && one.storage.id == other.storage.id && one.firstElement == other.firstElement;
}

void findLikelyShared(const CheckFacts &facts, Findings &out)
{
    const Network &network = facts.network;
    if (!facts.hasGraph() || !traitsOf(network.dialect).carriesScales)
        return; // numbers are all that there is to agree in
    for (const Join &join : joinsOf(facts.arrivals)) {
        if (join.disagrees() || inputsOfKind(join, Arrival::Kind::Quantized) != join.inputs.size())
            continue;
        const SlotId &one = *join.inputs.front().arrival.quantizer;
        const auto other = std::ranges::find_if(
            join.inputs, [&](const JoinInput &input) { return !areOne(network, one, *input.arrival.quantizer); });
        if (other == join.inputs.end())
            continue;
        Finding finding;
        finding.severity = Severity::Note;
        finding.subject = {one.layer, one.slot};
        finding.node = join.node;
        finding.text
            = fmt::format("{}: {} and {} agree in every number, and are probably one quantizer: nothing in the "
                          "file says that they are",
                operatorName(network.flow.node(join.node)), slotWords(network, one),
                slotWords(network, *other->arrival.quantizer));
        finding.fix = "say so in a recipe (shared_with), or let one QuantIdentity make both";
        out.add(std::move(finding));
    }
}

constexpr std::array kJoinRules = {
    Rule{.id = "scales-differ",
        .severity = Severity::Warning,
        .source = "Brevitas 0.6.0 to 0.12.1, QuantTensor.cat and sums in evaluation",
        .ofNetwork = findDiffering,
        .needsGraph = true},
    Rule{.id = "shared-suspected",
        .severity = Severity::Note,
        .source = "Brevitas 0.6.0 to 0.12.1, shared quantizers",
        .ofNetwork = findLikelyShared},
};

} // namespace

std::span<const Rule> joinRules() { return kJoinRules; }

} // namespace quantscope
