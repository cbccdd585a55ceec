#include "checks/rule.h"

#include <algorithm>

namespace quantscope {

CheckFacts::CheckFacts(const Inspection &inspected, std::optional<Target> asked, const Accumulators *sums)
    : inspection(inspected)
    , network(*inspected.network)
    , target(asked)
    , accumulators(sums)
    , arrivals(network)
{
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (slot.quantizer)
                slots.push_back({layer, slot, inspection.of({layer.id, slot.slot})});
}

void Findings::add(const Subject &subject, std::string text, std::string fix)
{
    add({std::string(m_rule->id), m_rule->severity, subject, {}, std::move(text), std::move(fix), {}});
}

void Findings::add(Finding finding)
{
    if (finding.rule.empty())
        finding.rule = m_rule->id;
    if (finding.source.empty())
        finding.source = m_rule->source;
    found.push_back(std::move(finding));
}

void Findings::leaveOpen(std::string_view rule, std::string why)
{
    if (std::ranges::find(unchecked, rule, &UncheckedRule::rule) == unchecked.end())
        unchecked.push_back({std::string(rule), std::move(why)});
}

SlotRole roleOf(Slot slot)
{
    return slot == Slot::Weight ? SlotRole::Weight : slot == Slot::Bias ? SlotRole::Bias : SlotRole::Activation;
}

} // namespace quantscope
