#include "run/torch/inner_values.h"

#include "run/torch/op_table.h"
#include "run/torch/quant_ops_cell.h"

#include <algorithm>
#include <string>

namespace quantscope {

namespace {

CodesRole roleOf(const Node &node)
{
    const OpRow *row = operatorRow(node.domain, node.opType);
    return row == nullptr ? CodesRole::None : row->codes;
}

ValueId addOutput(Graph &graph, NodeId node, const std::string &what)
{
    const auto id = static_cast<ValueId>(graph.values.size());
    Value value;
    value.name = what;
    value.producer = node;
    graph.values.push_back(std::move(value));
    graph.nodes[node].outputs.push_back(id);
    return id;
}

} // namespace

InnerValues::InnerValues(const ModelFile &file)
    : m_file(file)
    , m_graph(std::shared_ptr<const Graph>(), &*file.graph)
{
    const auto isAdded
        = [](const Node &node) { return roleOf(node) == CodesRole::Rounds || roleOf(node) == CodesRole::Within; };
    if (std::ranges::none_of(m_graph->nodes, isAdded))
        return;
    auto graph = std::make_shared<Graph>(*m_graph);
    for (NodeId id = 0; id < graph->nodes.size(); ++id)
        if (const CodesRole role = roleOf(graph->nodes[id]); role == CodesRole::Rounds)
            addRounded(*graph, id);
        else if (role == CodesRole::Within)
            addCell(*graph, id);
    m_graph = std::move(graph);
}

void InnerValues::addRounded(Graph &graph, NodeId node)
{
    if (graph.nodes[node].outputs.size() != 1)
        return;
    const ValueId made = graph.nodes[node].outputs[0];
    m_unrounded[made] = addOutput(graph, node, graph.values[made].name + " before rounding");
}

void InnerValues::addCell(Graph &graph, NodeId node)
{
    graph.nodes[node].outputs.resize(kCellOutputs, kNoValue);
    for (std::size_t i = 0; i < kCellQuantizers; ++i) {
        const std::string name(cellQuantizerSlot(i));
        addOutput(graph, node, name + " before rounding");
        addOutput(graph, node, name);
    }
}

ValueId InnerValues::unrounded(ValueId made) const
{
    const auto found = m_unrounded.find(made);
    return found == m_unrounded.end() ? made : found->second;
}

InnerPlace InnerValues::placeOf(Slot slot, const GraphSpan &span) const
{
    if (span.from != span.to)
        return {span, false, {}};
    ValueId value = span.to;
    for (std::size_t i = 0; i < m_graph->nodes.size(); ++i) {
        const Value &made = m_graph->values[value];
        const Node *node = made.tensor ? nullptr : m_graph->producerOf(value);
        const CodesRole role = node == nullptr ? CodesRole::None : roleOf(*node);
        if (made.tensor)
            return {{value, value}, !isFloating(m_file.tensors[*made.tensor].dtype), {}};
        if (role == CodesRole::Makes)
            return {{node->input(0), value}, true, {}};
        if (m_unrounded.contains(value))
            return {{unrounded(value), value}, true, {}};
        if (const auto within = cellQuantizer(slotName(slot)); role == CodesRole::Within && within) {
            const std::size_t first = kCellOutputs + 2 * *within;
            return {{node->outputs[first], node->outputs[first + 1]}, false, within};
        }
        if (role != CodesRole::Keeps)
            break;
        value = node->input(0);
    }
    return {span, false, {}};
}

} // namespace quantscope
