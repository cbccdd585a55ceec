#include "run/torch/loop_bodies.h"

#include "run/torch/loop_nodes.h"

#include <algorithm>

namespace quantscope {

namespace {

/// The inputs of the subgraph that it runs in rounds, which the reader writes beside it.
std::vector<ValueId> givenByLoop(const Node &node)
{
    const auto held = std::ranges::find(node.attributes, Attribute::Kind::Graph, &Attribute::kind);
    if (!isLoopNode(node) || held == node.attributes.end())
        return {};
    return {held->ints.begin(), held->ints.end()};
}

/// What rests on the inputs of a subgraph. Nothing leaves it but through the node that holds it.
std::set<ValueId> withinLoop(const Graph &graph, NodeId holder, const std::vector<std::vector<NodeId>> &holders)
{
    std::set<ValueId> out;
    std::vector<ValueId> open = givenByLoop(graph.nodes[holder]);
    while (!open.empty()) {
        const ValueId value = open.back();
        open.pop_back();
        if (value == kNoValue || !out.insert(value).second)
            continue;
        for (const auto *readers : {&graph.values[value].consumers, &holders[value]})
            for (const NodeId reader : *readers)
                if (reader != holder)
                    for (const auto &made : {graph.nodes[reader].outputs, givenByLoop(graph.nodes[reader])})
                        open.insert(open.end(), made.begin(), made.end());
    }
    return out;
}

std::vector<ValueId> capturedBy(const Graph &graph, const LoopBody &body)
{
    std::vector<ValueId> out, open = body.outputs;
    std::set<ValueId> seen;
    while (!open.empty()) {
        const ValueId value = open.back();
        open.pop_back();
        if (value == kNoValue || !seen.insert(value).second)
            continue;
        if (!body.within.contains(value))
            out.push_back(value);
        else if (const Node *producer = graph.producerOf(value))
            for (const ValueId read : readBy(*producer))
                open.push_back(read);
    }
    return out;
}

} // namespace

std::map<NodeId, LoopBody> loopBodies(const Graph &graph)
{
    std::map<NodeId, LoopBody> out;
    std::vector<std::vector<NodeId>> holders;
    for (NodeId id = 0; id < graph.nodes.size(); ++id) {
        if (!isLoopNode(graph.nodes[id]))
            continue;
        if (holders.empty())
            holders = holdersOfInner(graph);
        LoopBody &body = out[id];
        body.inputs = givenByLoop(graph.nodes[id]);
        body.outputs = graph.nodes[id].innerOutputs;
        body.within = withinLoop(graph, id, holders);
        body.captured = capturedBy(graph, body);
    }
    return out;
}

std::vector<ValueId> readBy(const Node &node)
{
    std::vector<ValueId> out;
    for (const auto *values : {&node.inputs, &node.innerOutputs})
        for (const ValueId value : *values)
            if (value != kNoValue)
                out.push_back(value);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::vector<std::vector<NodeId>> holdersOfInner(const Graph &graph)
{
    std::vector<std::vector<NodeId>> out(graph.values.size());
    for (NodeId id = 0; id < graph.nodes.size(); ++id)
        for (const ValueId inner : graph.nodes[id].innerOutputs)
            if (inner != kNoValue)
                out[inner].push_back(id);
    return out;
}

} // namespace quantscope
