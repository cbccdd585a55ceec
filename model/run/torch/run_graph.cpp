#include "run/torch/run_graph.h"

#include "base/text.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kNone = ~std::size_t(0);

bool isBranch(const Node &node)
{
    return node.opType == "If" && (node.domain.empty() || node.domain == "ai.onnx" || node.domain == "prim");
}

} // namespace

bool isRandomNode(const Node &node)
{
    return node.opType.starts_with("Random") || node.opType.starts_with("rand") || node.opType == "Multinomial"
        || node.opType == "Bernoulli" || node.opType == "bernoulli";
}

RunGraph::RunGraph(std::shared_ptr<const Network> network)
    : m_network(std::move(network))
    , m_inner(*m_network->file)
{
    for (const ValueId input : graph().inputs)
        if (!graph().values[input].tensor)
            m_inputs.push_back(input);
}

Result<RunGraph> RunGraph::create(std::shared_ptr<const Network> network)
{
    if (network->file == nullptr || !network->file->graph)
        return tl::unexpected(Error{ErrorKind::Usage, network->file ? network->file->path : std::string(), {},
            "has no graph, so the network cannot be run: open an ONNX or TorchScript export of it"});
    RunGraph out(std::move(network));
    out.findLoopBodies();
    if (auto error = out.order())
        return tl::unexpected(std::move(*error));
    if (auto error = out.checkInputs())
        return tl::unexpected(std::move(*error));
    out.findNeeded();
    out.findConstants();
    out.findSites();
    out.findResults();
    out.findResumePoints();
    return out;
}

Error RunGraph::error(std::string message) const { return {ErrorKind::Parse, file().path, {}, std::move(message)}; }

std::string RunGraph::nodeText(NodeId id) const
{
    const Node &node = graph().nodes[id];
    if (!node.name.empty())
        return fmt::format("node {} ({})", printable(node.name), printable(node.opType));
    const Value *made = node.outputs.empty() ? nullptr : graph().value(node.outputs[0]);
    return made != nullptr && !made->name.empty()
        ? fmt::format("node of {} ({})", printable(made->name), printable(node.opType))
        : fmt::format("node {} ({})", id, printable(node.opType));
}

std::optional<std::size_t> RunGraph::siteOf(ValueId value) const
{
    return m_siteOf[value] == kNone ? std::nullopt : std::optional(m_siteOf[value]);
}

std::optional<std::array<ValueId, 2>> RunGraph::branchesOf(const Node &node, std::size_t output) const
{
    if (!isBranch(node))
        return std::nullopt;
    if (node.domain == "prim")
        return std::array{node.input(1), node.input(2)};
    const std::size_t count = node.outputs.size();
    const auto first = std::ranges::find(node.attributes, Attribute::Kind::Graph, &Attribute::kind);
    if (node.innerOutputs.size() != 2 * count || first == node.attributes.end())
        return std::array{kNoValue, kNoValue};
    const bool thenFirst = first->name == "then_branch";
    return std::array{
        node.innerOutputs[output + (thenFirst ? 0 : count)], node.innerOutputs[output + (thenFirst ? count : 0)]};
}

bool RunGraph::hasBranches() const
{
    return std::ranges::any_of(
        graph().nodes, [](const Node &node) { return isBranch(node) || !node.innerOutputs.empty(); });
}

const LoopBody *RunGraph::bodyOf(NodeId node) const
{
    const auto found = m_bodies.find(node);
    return found == m_bodies.end() ? nullptr : &found->second;
}

void RunGraph::findLoopBodies()
{
    m_bodies = loopBodies(graph());
    m_withinLoop.assign(graph().values.size(), false);
    for (const auto &[node, body] : m_bodies)
        for (const ValueId value : body.within)
            m_withinLoop[value] = true;
}

/// Kahn's, which takes the first in the file of those that are ready.
std::optional<Error> RunGraph::order()
{
    const std::size_t count = graph().nodes.size();
    std::vector<std::vector<NodeId>> readers(graph().values.size());
    std::vector<std::size_t> open(count, 0);
    std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
    for (NodeId id = 0; id < count; ++id) {
        for (const ValueId value : readBy(graph().nodes[id]))
            if (graph().values[value].producer && !graph().values[value].tensor) {
                readers[value].push_back(id);
                ++open[id];
            }
        if (open[id] == 0)
            ready.push(id);
    }
    m_position.assign(count, kNone);
    m_lastUse.assign(graph().values.size(), 0);
    std::size_t next = 0;
    while (!ready.empty()) {
        const NodeId id = ready.top();
        ready.pop();
        m_position[id] = next++;
        for (const ValueId value : readBy(graph().nodes[id]))
            m_lastUse[value] = m_position[id];
        for (const ValueId value : graph().nodes[id].outputs)
            if (value != kNoValue && graph().values[value].producer == id)
                for (const NodeId reader : readers[value])
                    if (--open[reader] == 0)
                        ready.push(reader);
    }
    for (NodeId id = 0; id < count; ++id)
        if (m_position[id] == kNone)
            return error(fmt::format(
                "{} reads what is made of what it makes, in a circle: the graph cannot be run", nodeText(id)));
    return std::nullopt;
}

/// What the outputs rest on is there.
std::optional<Error> RunGraph::checkInputs() const
{
    std::vector<bool> seen(graph().nodes.size(), false);
    std::vector<ValueId> open = graph().outputs;
    if (open.empty())
        return error("has a graph without outputs, so there is nothing to run");
    const auto isThere = [&](const Value &value) { return value.tensor || value.producer || value.graphInput; };
    for (const ValueId output : open)
        if (output == kNoValue || !isThere(graph().values[output]))
            return error(fmt::format("nothing makes the output {} of the graph",
                output == kNoValue ? std::string() : printable(graph().values[output].name)));
    while (!open.empty()) {
        const Value &value = graph().values[open.back()];
        open.pop_back();
        if (value.tensor || !value.producer || seen[*value.producer])
            continue;
        const NodeId id = *value.producer;
        seen[id] = true;
        for (const ValueId read : readBy(graph().nodes[id])) {
            const Value &input = graph().values[read];
            if (!isThere(input) && input.handedIn == kNoValue && !m_withinLoop[read])
                return error(fmt::format("{} reads {}, which nothing makes", nodeText(id), printable(input.name)));
            open.push_back(read);
        }
    }
    return std::nullopt;
}

/// Of a branch its condition.
void RunGraph::findNeeded()
{
    m_needed.assign(graph().values.size(), false);
    std::vector<ValueId> open = graph().outputs;
    while (!open.empty()) {
        const ValueId value = open.back();
        open.pop_back();
        if (value == kNoValue || m_needed[value])
            continue;
        m_needed[value] = true;
        const Node *node = graph().values[value].tensor ? nullptr : graph().producerOf(value);
        if (node != nullptr && isBranch(*node))
            open.push_back(node->input(0));
        else if (node != nullptr) {
            open.insert(open.end(), node->inputs.begin(), node->inputs.end());
            for (const ValueId output : node->outputs)
                if (output != kNoValue && isInner(output))
                    m_needed[output] = true;
        }
    }
}

void RunGraph::findConstants()
{
    m_constant.assign(graph().values.size(), false);
    m_forData.assign(graph().values.size(), false);
    for (ValueId id = 0; id < graph().values.size(); ++id)
        m_constant[id] = graph().values[id].tensor.has_value();
    std::vector<NodeId> inOrder(graph().nodes.size());
    for (NodeId id = 0; id < graph().nodes.size(); ++id)
        inOrder[m_position[id]] = id;
    for (const NodeId id : inOrder) {
        const std::vector<ValueId> read = readBy(graph().nodes[id]);
        const bool constant = !isRandomNode(graph().nodes[id])
            && std::ranges::all_of(read, [&](ValueId value) { return m_constant[value]; });
        for (const ValueId output : graph().nodes[id].outputs)
            if (output != kNoValue && constant)
                m_constant[output] = true;
        for (const ValueId value : read)
            m_forData[value] = m_forData[value] || (m_constant[value] && !constant);
    }
    for (const ValueId output : graph().outputs)
        m_forData[output] = m_constant[output];
}

/// What flows in is made before what flows out.
bool RunGraph::isAhead(const GraphSpan &span) const
{
    const std::vector<Value> &values = graph().values;
    if (span.from >= values.size() || span.to >= values.size())
        return false;
    const auto from = values[span.from].producer, to = values[span.to].producer;
    return span.from == span.to || (to && (!from || m_position[*from] < m_position[*to] || isInner(span.from)));
}

void RunGraph::findSites()
{
    m_siteOf.assign(graph().values.size(), kNone);
    for (const Layer &layer : m_network->layers)
        for (const SlotQuantizer &slot : layer.slots)
            for (const GraphSpan &told : slot.spans) {
                const InnerPlace place = m_inner.placeOf(slot.slot, told);
                const GraphSpan &span = place.span;
                if (!isAhead(span))
                    continue;
                std::size_t &site = m_siteOf[span.to];
                if (site == kNone) {
                    site = m_sites.size();
                    m_sites.push_back({span, {}, !m_constant[span.from], place.makesCodes, place.within});
                }
                if (m_sites[site].span == span)
                    m_sites[site].owners.push_back({layer.id, slot.slot});
                m_lastUse[span.from] = std::max(m_lastUse[span.from], m_lastUse[span.to]);
            }
}

/// The first node that reads a constant, or what is made of it, beside data.
std::optional<NodeId> RunGraph::computing(ValueId constant) const
{
    std::vector<ValueId> open{constant};
    std::set<ValueId> seen;
    constexpr std::size_t kMostVisited = 256;
    std::optional<NodeId> found;
    while (!open.empty() && seen.size() < kMostVisited) {
        const ValueId value = open.back();
        open.pop_back();
        if (!seen.insert(value).second)
            continue;
        for (const NodeId id : graph().values[value].consumers) {
            const Node &node = graph().nodes[id];
            const bool ends = node.outputs.empty() || !m_constant[node.outputs[0]];
            if (!ends)
                open.insert(open.end(), node.outputs.begin(), node.outputs.end());
            else if (!found || m_position[id] < m_position[*found])
                found = id;
        }
    }
    return found;
}

void RunGraph::findResults()
{
    for (const Layer &layer : m_network->layers) {
        const SlotQuantizer *weight = layer.slot(Slot::Weight), *bias = layer.slot(Slot::Bias);
        if (weight == nullptr || weight->spans.empty())
            continue;
        const auto node = computing(weight->spans[0].to);
        if (!node || graph().nodes[*node].outputs.empty())
            continue;
        ValueId result = graph().nodes[*node].outputs[0];
        // A bias that the graph adds in a node of its own.
        const auto adding = bias != nullptr && !bias->spans.empty() ? computing(bias->spans[0].to) : std::nullopt;
        if (adding && *adding != *node && graph().values[result].consumers == std::vector<NodeId>{*adding}
            && !graph().nodes[*adding].outputs.empty())
            result = graph().nodes[*adding].outputs[0];
        m_results.push_back({layer.id, result});
    }
    // What a recurrent operator makes of the weights of its gates is no gate's, and what rounds its result shows none.
    std::map<ValueId, std::size_t> layers;
    for (const LayerResult &result : m_results)
        ++layers[result.value];
    for (LayerResult &result : m_results)
        result.value = m_inner.unrounded(result.value);
    const auto isRounded = [&](ValueId value) {
        const auto site = siteOf(value);
        return site && m_sites[*site].span.from == value;
    };
    std::erase_if(
        m_results, [&](const LayerResult &result) { return layers[result.value] > 1 || isRounded(result.value); });
}

void RunGraph::findResumePoints()
{
    m_resume.assign(graph().values.size(), false);
    const auto mark
        = [&](ValueId value) { m_resume[value] = m_resume[value] || (!m_constant[value] && !m_withinLoop[value]); };
    for (const RunSite &site : m_sites)
        mark(site.span.from);
    for (ValueId value = 0; value < graph().values.size(); ++value)
        if (graph().values[value].consumers.size() > 1)
            mark(value);
    for (const Node &node : graph().nodes) {
        const auto read = std::ranges::count_if(
            node.inputs, [&](ValueId input) { return input != kNoValue && !graph().values[input].tensor; });
        for (const ValueId input : node.inputs)
            if (read > 1 && input != kNoValue)
                mark(input);
    }
    for (const ValueId output : graph().outputs)
        mark(output);
}

std::vector<bool> RunGraph::behind(const std::vector<std::size_t> &changedSites) const
{
    std::vector<std::vector<ValueId>> sitesFrom(graph().values.size());
    for (const RunSite &site : m_sites)
        sitesFrom[site.span.from].push_back(site.span.to);
    const auto holders = holdersOfInner(graph());
    std::vector<bool> out(graph().values.size(), false);
    std::vector<ValueId> open;
    for (const std::size_t site : changedSites) {
        const std::optional<NodeId> node = graph().values[m_sites[site].span.to].producer;
        if (m_sites[site].within && node)
            open.insert(open.end(), graph().nodes[*node].outputs.begin(), graph().nodes[*node].outputs.end());
        open.push_back(m_sites[site].span.to);
    }
    while (!open.empty()) {
        const ValueId value = open.back();
        open.pop_back();
        if (value == kNoValue || out[value])
            continue;
        out[value] = true;
        open.insert(open.end(), sitesFrom[value].begin(), sitesFrom[value].end());
        for (const std::vector<NodeId> *readers : {&graph().values[value].consumers, &holders[value]})
            for (const NodeId id : *readers)
                open.insert(open.end(), graph().nodes[id].outputs.begin(), graph().nodes[id].outputs.end());
    }
    return out;
}

} // namespace quantscope
