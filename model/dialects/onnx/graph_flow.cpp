#include "dialects/onnx/graph_flow.h"

#include "dialects/onnx/constant_paths.h"
#include "network/flow_builder.h"

#include <algorithm>
#include <map>

namespace quantscope::interpret {

namespace {

using NodeFlags = std::vector<bool>; ///< one a node

/// Marks the nodes that start it, and every node that reads nothing but what marked nodes make and `known` values; none
/// that `blocks`, and none on a cycle.
template <class Known, class Starts, class Blocks>
NodeFlags spread(const Graph &graph, const Known &known, const Starts &starts, const Blocks &blocks)
{
    NodeFlags marked(graph.nodes.size(), false);
    std::vector<std::size_t> open(graph.nodes.size(), 0); ///< distinct inputs that are not known yet
    std::vector<NodeId> ready;
    for (NodeId id = 0; id < graph.nodes.size(); ++id) {
        const std::vector<ValueId> inputs = distinctInputs(graph, graph.nodes[id]);
        open[id]
            = static_cast<std::size_t>(std::ranges::count_if(inputs, [&](ValueId input) { return !known(input); }));
        if (starts(id) || (open[id] == 0 && !inputs.empty()))
            ready.push_back(id);
    }
    while (!ready.empty()) {
        const NodeId id = ready.back();
        ready.pop_back();
        if (marked[id] || blocks(id))
            continue;
        marked[id] = true;
        for (const ValueId output : graph.nodes[id].outputs) {
            const Value *value = graph.value(output);
            if (value == nullptr || known(output))
                continue;
            for (const NodeId consumer : value->consumers)
                if (open[consumer] > 0 && --open[consumer] == 0)
                    ready.push_back(consumer);
        }
    }
    return marked;
}

bool isRandom(const Node &node) { return node.opType.starts_with("Random"); }
bool isClip(const Node &node) { return node.domain.empty() && node.opType == "Clip"; }
/// What it makes comes out of its branches, whatever its own inputs are.
bool hasSubgraph(const Node &node)
{
    return std::ranges::any_of(node.attributes, [](const Attribute &a) { return a.kind == Attribute::Kind::Graph; });
}
bool readsShape(const Node &node)
{
    if (node.domain == "aten")
        return node.opType == "size" || node.opType == "dim" || node.opType == "numel";
    return node.domain.empty() && (node.opType == "Shape" || node.opType == "Size");
}

/// One use: build().
class GraphFlow {
public:
    GraphFlow(Constants &constants, const Plan &plan, FlowRules &rules)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_plan(plan)
        , m_rules(rules)
        , m_owner(m_graph.nodes.size())
        , m_layerNodes(plan.layers.size())
        , m_output(m_graph.values.size(), 0)
    {
    }

    Flow build()
    {
        assignLayers();
        markConstants();
        std::vector<bool> joined(m_graph.nodes.size(), false);
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            if (!m_owner[id] && !m_constant[id] && isDequantize(m_graph.nodes[id])) {
                joinQuantizer(id);
                joined[id] = m_owner[id].has_value();
            }
        m_slots = m_rules.slotNodes(joined);
        addLayers();
        addOperators();
        addInputs();
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            connectInputs(id);
        addOutputs();
        return m_builder.build();
    }

private:
    void assignLayers()
    {
        for (std::size_t at = 0; at < m_plan.layers.size(); ++at) {
            const PlannedLayer &layer = m_plan.layers[at];
            for (const NodeId node : layer.nodes)
                m_owner[node] = static_cast<FlowNodeId>(at);
            for (const PlannedSlot &slot : layer.slots)
                if (std::ranges::find(layer.constants, slot.node) != layer.constants.end())
                    m_quantizedConstants.emplace(slot.node, SlotId{layerId(at), slot.slot});
        }
    }

    /// What a layer makes is never a constant here, even where a layer reads nothing else (a table of positions).
    void markConstants()
    {
        const auto isTensor = [&](ValueId id) { return m_graph.value(id)->tensor.has_value(); };
        const auto isConstant = [&](ValueId id) {
            const Value &value = *m_graph.value(id);
            return value.tensor || (value.producer && m_constant[*value.producer]);
        };
        const auto ofLayer = [&](NodeId id) { return m_owner[id].has_value(); };
        m_constant = spread(
            m_graph, isTensor, [](NodeId) { return false; },
            [&](NodeId id) {
                return ofLayer(id) || isRandom(m_graph.nodes[id]) || !m_graph.nodes[id].innerOutputs.empty();
            });
        m_shape = spread(
            m_graph, isConstant, [&](NodeId id) { return readsShape(m_graph.nodes[id]); },
            [&](NodeId id) { return ofLayer(id) || hasSubgraph(m_graph.nodes[id]); });
    }

    /// DequantizeLinear and the Clip before it belong to the layer of their QuantizeLinear: together they are one
    /// quantizer.
    void joinQuantizer(NodeId dequantize)
    {
        constexpr std::size_t kLongestQuantizer = 4;
        std::vector<NodeId> path{dequantize};
        while (path.size() < kLongestQuantizer) {
            const Value *value = m_graph.value(m_graph.nodes[path.back()].input(0));
            if (value == nullptr || value->tensor || !value->producer)
                return;
            const Node &maker = m_graph.nodes[*value->producer];
            const auto owner = m_owner[*value->producer];
            if (isQuantize(maker) || (isClip(maker) && owner)) {
                for (const NodeId node : path)
                    m_owner[node] = owner;
                return;
            }
            if (!isClip(maker))
                return;
            path.push_back(*value->producer);
        }
    }

    void addLayers()
    {
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            if (m_owner[id])
                m_layerNodes[position(*m_owner[id])].push_back(id);
        for (std::size_t layer = 0; layer < m_plan.layers.size(); ++layer)
            m_builder.add(
                {FlowNode::Kind::Layer, layerId(layer), m_plan.layers[layer].name, {}, {}, {}, m_layerNodes[layer]});
    }

    void addOperators()
    {
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id) {
            const Node &node = m_graph.nodes[id];
            for (std::size_t output = 0; output < node.outputs.size(); ++output)
                if (m_graph.value(node.outputs[output]) != nullptr)
                    m_output[node.outputs[output]] = static_cast<std::uint32_t>(output);
            if (!m_owner[id] && !m_constant[id] && !m_rules.isList(id))
                m_owner[id] = m_builder.add(
                    {FlowNode::Kind::Operator, std::nullopt, node.name, node.opType, node.domain, node.scope, {id}});
        }
    }

    void addInputs()
    {
        for (const ValueId input : m_graph.inputs)
            if (const Value *value = m_graph.value(input); value != nullptr && !value->tensor)
                m_inputs.emplace(
                    input, m_builder.add({FlowNode::Kind::Input, std::nullopt, value->name, {}, {}, {}, {}}));
    }

    void addOutputs()
    {
        for (const ValueId output : m_graph.outputs)
            if (const Value *value = m_graph.value(output)) {
                const FlowNodeId to
                    = m_builder.add({FlowNode::Kind::Output, std::nullopt, value->name, {}, {}, {}, {}});
                for (const ValueId element : elementsOf(output))
                    connect(element, {.to = to});
            }
    }

    /// What stands in a list; else the value.
    std::vector<ValueId> elementsOf(ValueId id) const
    {
        const Value *value = m_graph.value(id);
        const bool list = value != nullptr && value->producer && m_rules.isList(*value->producer);
        return list ? m_graph.nodes[*value->producer].inputs : std::vector<ValueId>{id};
    }

    struct Read {
        std::uint32_t port = 0, argument = 0; ///< the argument is the list of what stands in one
        ValueId value = kNoValue;
    };
    std::vector<Read> readsOf(const Node &node) const
    {
        std::vector<Read> reads;
        std::uint32_t port = 0;
        for (std::uint32_t input = 0; input < node.inputs.size(); ++input)
            for (const ValueId element : elementsOf(node.inputs[input])) {
                port = std::max(port, input);
                reads.push_back({port++, input, element});
            }
        return reads;
    }

    /// A constant that neither a layer makes nor a quantizer of its own is on no grid.
    bool isRawConstant(ValueId id) const
    {
        const Value *value = m_graph.value(id);
        const bool ofLayer = value != nullptr && value->producer && m_owner[*value->producer];
        return !ofLayer && m_constants.paths().isStored(id) && !quantizedConstant(id);
    }

    bool mergesRawConstant(NodeId id, const std::vector<Read> &reads) const
    {
        return std::ranges::any_of(reads, [&](const Read &read) {
            return m_rules.use(id, read.argument) == FlowUse::Merges && isRawConstant(read.value);
        });
    }

    FlowUse useOf(NodeId id, const Read &read, bool raw) const
    {
        const bool turnsBack = read.argument == 0 && m_slots.keeps[id];
        const FlowUse use = turnsBack ? FlowUse::Keeps : m_rules.use(id, read.argument);
        return use == FlowUse::Merges && raw ? FlowUse::Sums : use;
    }

    void connectInputs(NodeId id)
    {
        if (!m_owner[id])
            return;
        const Node &node = m_graph.nodes[id];
        const FlowNodeId to = *m_owner[id];
        const std::vector<Read> reads = readsOf(node);
        const bool raw = !isLayer(to) && mergesRawConstant(id, reads);
        for (const Read &read : reads) {
            FlowEdge edge{.to = to, .input = read.port};
            if (!isLayer(to))
                edge.use = useOf(id, read, raw);
            else if (m_slots.read[id] && read.argument == m_slots.readAt[id])
                edge.requantizer = SlotId{layerId(position(to)), *m_slots.read[id]};
            connect(read.value, std::move(edge));
        }
        std::uint32_t port = static_cast<std::uint32_t>(node.inputs.size());
        for (const ValueId inner : node.innerOutputs)
            for (const ValueId element : elementsOf(inner))
                connect(element, {.to = to, .input = port++});
    }

    /// What makes a constant of a quantizer's values, through operators that keep them.
    struct QuantizedConstant {
        SlotId slot;
        bool moved = false;
    };
    std::optional<QuantizedConstant> quantizedConstant(ValueId id) const
    {
        constexpr int kLongest = 64;
        bool moved = false;
        for (int step = 0; step < kLongest; ++step) {
            const Value *value = m_graph.value(id);
            if (value == nullptr || value->tensor || !value->producer
                || !m_rules.isMainOutput(*value->producer, m_output[id]))
                return std::nullopt;
            if (const auto found = m_quantizedConstants.find(*value->producer); found != m_quantizedConstants.end())
                return QuantizedConstant{found->second, moved};
            if (m_rules.use(*value->producer, 0) != FlowUse::Keeps)
                return std::nullopt;
            moved = true;
            id = m_graph.nodes[*value->producer].input(0);
        }
        return std::nullopt;
    }

    /// What a layer keeps in the file is met by operators; that another layer reads it is not followed.
    void connectConstant(ValueId id, FlowEdge edge)
    {
        const auto constant = isLayer(edge.to) ? std::nullopt : quantizedConstant(id);
        if (!constant)
            return;
        edge.from = static_cast<FlowNodeId>(position(constant->slot.layer));
        edge.quantizer = constant->slot;
        edge.constant = true;
        edge.moved = constant->moved;
        m_builder.connect(std::move(edge));
    }

    bool isLayer(FlowNodeId node) const { return position(node) < m_plan.layers.size(); }

    /// What a subgraph reads as its input is what the operator that holds it passes there.
    ValueId passed(ValueId id) const
    {
        constexpr int kDeepest = 64;
        for (int depth = 0; depth < kDeepest; ++depth) {
            const Value *value = m_graph.value(id);
            if (value == nullptr || value->producer || value->tensor || value->handedIn == kNoValue)
                break;
            id = value->handedIn;
        }
        return id;
    }

    /// Of an edge with its end: where it begins, and what makes its value. What a loop passes on is what it was given
    /// in its first round alone.
    void connect(ValueId read, FlowEdge edge)
    {
        const ValueId id = passed(read);
        const bool looped = id != read;
        const Value *value = m_graph.value(id);
        if (value == nullptr || value->tensor)
            return;
        edge.value = value->name;
        if (const auto entry = m_inputs.find(id); entry != m_inputs.end()) {
            edge.from = entry->second;
            edge.opaque = looped;
            return m_builder.connect(std::move(edge));
        }
        if (!value->producer || !m_owner[*value->producer])
            return looped ? void() : connectConstant(id, std::move(edge));
        const NodeId maker = *value->producer;
        edge.from = *m_owner[maker];
        edge.output = m_output[id];
        edge.shapeOnly = m_shape[maker];
        const bool isMain = m_rules.isMainOutput(maker, edge.output);
        if (isLayer(edge.from) && m_slots.made[maker] && isMain && !looped) {
            edge.quantizer = SlotId{layerId(position(edge.from)), *m_slots.made[maker]};
            edge.moved = m_slots.moved[maker];
        } else
            edge.opaque = looped || m_slots.opaque[maker] || !isMain;
        const bool within = edge.from == edge.to && isLayer(edge.to);
        if (!within)
            m_builder.connect(std::move(edge));
    }

    Constants &m_constants;
    const Graph &m_graph;
    const Plan &m_plan;
    FlowRules &m_rules;
    SlotNodes m_slots;
    NodeFlags m_constant, m_shape;
    std::vector<std::optional<FlowNodeId>> m_owner; ///< of each node of the graph: the layer or operator of the flow
    std::vector<std::vector<NodeId>> m_layerNodes;
    std::vector<std::uint32_t> m_output; ///< of each value: which output of its producer
    std::map<ValueId, FlowNodeId> m_inputs;
    std::map<NodeId, SlotId> m_quantizedConstants; ///< by the quantizer's node
    FlowBuilder m_builder;
};

} // namespace

Flow flowOf(Constants &constants, const Plan &plan, FlowRules &rules)
{
    return GraphFlow(constants, plan, rules).build();
}

} // namespace quantscope::interpret
