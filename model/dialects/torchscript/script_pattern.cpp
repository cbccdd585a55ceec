#include "dialects/torchscript/script_pattern.h"

#include <algorithm>

namespace quantscope::script {

namespace {

/// Exporters leave fewer than four operators that only hand on.
constexpr int kMostHandedOn = 32;

bool isAten(const Node &node, std::initializer_list<std::string_view> names)
{
    return node.domain == "aten" && std::find(names.begin(), names.end(), node.opType) != names.end();
}

/// One use: find().
class PatternFinder {
public:
    explicit PatternFinder(const interpret::Constants &constants)
        : m_constants(constants)
        , m_graph(constants.graph())
    {
    }

    std::optional<ScriptPattern> find(ValueId value)
    {
        const Node *node = enter(value);
        const bool found = node != nullptr
            && (isQuantizeNode(*node) || isFakeQuantizeNode(*node) ? quantized(*node)
                    : isAten(*node, {"dequantize"})                ? dequantized(*node)
                    : isAten(*node, {"mul"})                       ? scaled(*node)
                                                                   : false);
        if (!found)
            return std::nullopt;
        std::ranges::reverse(m_out.nodes);
        return std::move(m_out);
    }

private:
    /// The operator that makes a value, past those that only hand on; it becomes part of the pattern.
    const Node *enter(ValueId &value)
    {
        for (int step = 0; step < kMostHandedOn; ++step) {
            const Value *known = m_graph.value(value);
            if (known == nullptr || known->tensor || !known->producer)
                return nullptr;
            const Node &node = m_graph.nodes[*known->producer];
            m_out.nodes.push_back(*known->producer);
            if (!isAten(node, {"to", "detach", "alias", "contiguous", "clone"}) || node.input(0) == kNoValue)
                return &node;
            value = node.input(0);
        }
        return nullptr;
    }

    NodeId last() const { return m_out.nodes.back(); }

    bool quantized(const Node &node)
    {
        m_out.quantize = last();
        m_out.input = node.input(0);
        return true;
    }

    bool dequantized(const Node &node)
    {
        ValueId codes = node.input(0);
        const Node *maker = enter(codes);
        return maker != nullptr && isQuantizeNode(*maker) && quantized(*maker);
    }

    bool scaled(const Node &node)
    {
        const NodeId id = last();
        for (const std::size_t position : {std::size_t(1), std::size_t(0)}) {
            const ValueId scale = node.input(position);
            const bool constant = scale == kNoValue || m_constants.paths().isStored(scale);
            const ScriptPattern before = m_out;
            m_out.scale = ScriptArgument{id, position};
            if (constant && node.input(1 - position) != kNoValue && shifted(node.input(1 - position)))
                return true;
            m_out = before;
        }
        return false;
    }

    /// The codes, less their zero point.
    bool shifted(ValueId value)
    {
        const Node *node = enter(value);
        if (node != nullptr && isAten(*node, {"sub"})) {
            m_out.zeroPoint = ScriptArgument{last(), 1};
            if (node->input(1) != kNoValue && !m_constants.paths().isStored(node->input(1)))
                return false;
            value = node->input(0);
            node = enter(value);
        }
        if (node != nullptr && isAten(*node, {"clamp"})) {
            m_out.clamp = last();
            value = node->input(0);
            node = enter(value);
        }
        if (node == nullptr)
            return storedCodes(value);
        if (!isAten(*node, {"int_repr"}))
            return false;
        ValueId codes = node->input(0);
        const Node *maker = enter(codes);
        return maker != nullptr && isQuantizeNode(*maker) && quantized(*maker);
    }

    bool storedCodes(ValueId value)
    {
        const Value *known = m_graph.value(value);
        if (known == nullptr || !known->tensor)
            return false;
        const TensorInfo &tensor = m_constants.file().tensors[*known->tensor];
        if (!isInteger(tensor.dtype) || tensor.dtype == DType::Bool || tensor.affine)
            return false;
        m_out.stored = true;
        m_out.input = value;
        return true;
    }

    const interpret::Constants &m_constants;
    const Graph &m_graph;
    ScriptPattern m_out;
};

} // namespace

bool isQuantizeNode(const Node &node) { return isAten(node, {"quantize_per_tensor", "quantize_per_channel"}); }

bool isFakeQuantizeNode(const Node &node)
{
    return isAten(node, {"fake_quantize_per_tensor_affine", "fake_quantize_per_channel_affine"});
}

std::optional<ScriptPattern> patternOf(const interpret::Constants &constants, ValueId value)
{
    return PatternFinder(constants).find(value);
}

ValueId handedOn(const Graph &graph, ValueId value)
{
    for (int step = 0; step < kMostHandedOn; ++step) {
        const Node *node = graph.producerOf(value);
        if (node == nullptr || !isAten(*node, {"detach", "alias", "contiguous", "clone"}) || node->input(0) == kNoValue)
            return value;
        value = node->input(0);
    }
    return value;
}

} // namespace quantscope::script
