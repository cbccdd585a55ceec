#include "dialects/onnx/plan_builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

std::string PlanBuilder::uniqueName(const std::string &name)
{
    if (m_byName.count(name) == 0)
        return name;
    int &number = m_lastNumber.emplace(name, 1).first->second;
    std::string unique;
    do
        unique = fmt::format("{}_{}", name, ++number);
    while (m_byName.count(unique) != 0);
    return unique;
}

std::size_t PlanBuilder::layerNamed(const std::string &name)
{
    const auto [found, isNew] = m_byName.emplace(name, m_plan.layers.size());
    if (isNew) {
        m_plan.layers.emplace_back();
        m_plan.layers.back().name = name;
    }
    return found->second;
}

std::size_t PlanBuilder::claimLayer(const std::string &name)
{
    std::size_t index = layerNamed(name);
    if (m_plan.layers[index].claimed)
        index = layerNamed(uniqueName(name));
    PlannedLayer &layer = m_plan.layers[index];
    layer.claimed = true;
    // A quantizer in front of the operator that only carries the layer's name quantizes its input.
    for (PlannedSlot &slot : layer.slots)
        if (slot.slot == Slot::Act && !layer.hasSlot(Slot::Input))
            slot.slot = Slot::Input;
    return index;
}

void PlanBuilder::addSlot(std::size_t layer, PlannedSlot slot, std::optional<NodeId> node)
{
    if (node) {
        m_used.insert(*node);
        // A shared weight's quantizer is no way from one layer to another.
        if (!slot.constant)
            m_plan.layers[layer].nodes.push_back(*node);
    }
    if (!m_plan.layers[layer].hasSlot(slot.slot))
        m_plan.layers[layer].slots.push_back(std::move(slot));
}

void PlanBuilder::noteForeign(const std::string &opType)
{
    auto &list = m_plan.foreignOperators;
    if (std::find(list.begin(), list.end(), opType) == list.end())
        list.push_back(opType);
}

std::optional<std::size_t> PlanBuilder::find(const std::string &name) const
{
    const auto known = m_byName.find(name);
    return known == m_byName.end() ? std::nullopt : std::optional(known->second);
}

bool PlanBuilder::mostAre(std::initializer_list<Form> forms) const
{
    std::size_t these = 0, others = 0;
    for (const PlannedLayer &layer : m_plan.layers)
        for (const PlannedSlot &slot : layer.slots)
            if (std::ranges::find(forms, slot.form) != forms.end())
                ++these;
            else if (slot.slot == Slot::Weight && slot.form != Form::Plain && slot.form != Form::Picked)
                ++others;
    return these > 0 && these >= others;
}

bool PlanBuilder::hasForm(Form form) const
{
    return std::ranges::any_of(m_plan.layers, [form](const PlannedLayer &layer) {
        return std::ranges::any_of(layer.slots, [form](const PlannedSlot &slot) { return slot.form == form; });
    });
}

Plan PlanBuilder::take(Dialect dialect)
{
    for (PlannedLayer &layer : m_plan.layers)
        if (layer.kind.empty())
            layer.kind = "Identity";
    m_plan.dialect = dialect;
    return std::move(m_plan);
}

} // namespace quantscope::interpret
