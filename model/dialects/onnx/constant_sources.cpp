#include "dialects/onnx/constant_sources.h"

namespace quantscope::interpret {

ConstantSources::ConstantSources(Constants &constants)
    : m_constants(constants)
    , m_visited(constants.graph().values.size(), false)
{
}

std::vector<std::size_t> ConstantSources::of(const PlannedSlot &slot)
{
    const Graph &graph = m_constants.graph();
    std::vector<std::size_t> tensors;
    std::vector<ValueId> open{slot.value};
    if (slot.form == Form::Unknown && !m_constants.paths().isStored(slot.value))
        open.push_back(m_constants.paths().mixedAbove(slot.value).tensor);
    const bool ownNode = slot.form != Form::Plain && slot.form != Form::Foreign && slot.form != Form::Finn
        && slot.form != Form::Thresholds; // thresholds are listed beside the layers
    if (slot.form == Form::Annotated)
        open.insert(open.end(), {graph.values.at(slot.value).scale, graph.values.at(slot.value).zeroPoint});
    else if (ownNode)
        open.insert(open.end(), graph.nodes.at(slot.node).inputs.begin(), graph.nodes.at(slot.node).inputs.end());
    for (const auto &step : {slot.scale, slot.offset})
        if (step)
            open.push_back(step->constant);
    while (!open.empty()) {
        const ValueId id = open.back();
        open.pop_back();
        if (id >= m_visited.size() || m_visited[id])
            continue;
        m_visited[id] = true;
        if (graph.values[id].tensor)
            tensors.push_back(*graph.values[id].tensor);
        else if (const Node *node = graph.producerOf(id); node != nullptr && m_constants.paths().isStored(id))
            open.insert(open.end(), node->inputs.begin(), node->inputs.end());
    }
    return tensors;
}

} // namespace quantscope::interpret
