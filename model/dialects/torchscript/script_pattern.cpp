#include "dialects/torchscript/script_pattern.h"

#include "graph/torch_types.h"

#include <algorithm>
#include <array>

namespace quantscope::script {

namespace {

/// Exporters leave fewer than four operators that only hand on.
constexpr int kMostHandedOn = 32;

bool isAten(const Node &node, std::initializer_list<std::string_view> names)
{
    return node.domain == "aten" && std::find(names.begin(), names.end(), node.opType) != names.end();
}

/// Of add and sub: what the second operand is multiplied by, by keyword for tensors, else the third argument.
bool isUnscaled(const Node &node)
{
    for (const char *alpha : {"alpha", "2"})
        if (const Attribute *found = node.attribute(alpha); found != nullptr)
            if (!(found->kind == Attribute::Kind::Int && found->i == 1)
                && !(found->kind == Attribute::Kind::Float && found->f == 1))
                return false;
    return node.input(2) == kNoValue;
}

bool isQuantizeNode(const Node &node)
{
    const QuantizeOperator *found = findQuantize(node);
    return found != nullptr && !found->fake;
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
        const Node *node = enabled(enter(value));
        const bool found = node != nullptr
            && (findQuantize(*node) != nullptr      ? quantized(*node)
                    : isAten(*node, {"dequantize"}) ? dequantized(*node)
                    : isAten(*node, {"mul"})        ? scaled(*node)
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

    /// Fake quantization that a buffer can switch off: one of the branches is what it quantizes.
    const Node *enabled(const Node *node)
    {
        if (node == nullptr || node->domain != "prim" || node->opType != "If")
            return node;
        for (const std::size_t position : {std::size_t(1), std::size_t(2)}) {
            const Value *taken = m_graph.value(node->input(position));
            if (taken == nullptr || !taken->producer || taken->tensor)
                continue;
            const Node &maker = m_graph.nodes[*taken->producer];
            if (findQuantize(maker) == nullptr || maker.input(0) != node->input(3 - position))
                continue;
            m_out.choice = last();
            m_out.chosen = position == 1;
            m_out.nodes.push_back(*taken->producer);
            return &maker;
        }
        return node;
    }

    NodeId last() const { return m_out.nodes.back(); }

    bool quantized(const Node &node)
    {
        m_out.quantize = last();
        m_out.input = node.input(0);
        return m_out.input != kNoValue;
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
            if (!isUnscaled(*node) || (node->input(1) != kNoValue && !m_constants.paths().isStored(node->input(1))))
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

/// Arguments: native_functions.yaml.
const QuantizeOperator *findQuantize(const Node &node)
{
    static constexpr std::array kOperators = {
        QuantizeOperator{"quantize_per_tensor", false, 1, 2},
        QuantizeOperator{"quantize_per_channel", false, 1, 2, std::nullopt, 3},
        QuantizeOperator{"fake_quantize_per_tensor_affine", true, 1, 2, 3},
        QuantizeOperator{"fake_quantize_per_channel_affine", true, 1, 2, 4, 3},
        QuantizeOperator{"fake_quantize_per_tensor_affine_cachemask", true, 1, 2, 3},
        QuantizeOperator{"fake_quantize_per_channel_affine_cachemask", true, 1, 2, 4, 3},
        QuantizeOperator{"_fake_quantize_learnable_per_tensor_affine", true, 1, 2, 3},
        QuantizeOperator{"_fake_quantize_learnable_per_channel_affine", true, 1, 2, 4, 3},
        QuantizeOperator{"fused_moving_avg_obs_fake_quant", true, 5, 6, 8, 10, 11, 2},
    };
    const auto found = std::ranges::find(kOperators, node.opType, &QuantizeOperator::opType);
    return node.domain != "aten" || found == kOperators.end() ? nullptr : &*found;
}

std::optional<std::int64_t> axisOf(const Node &quantize)
{
    const QuantizeOperator &op = *findQuantize(quantize);
    if (!op.axis || (op.perChannel && quantize.integer(std::to_string(*op.perChannel), 0) == 0))
        return std::nullopt;
    return quantize.integer(std::to_string(*op.axis), 0);
}

DType typeArgument(const Node &quantize) { return dtypeFromTorch(quantize.integer(axisOf(quantize) ? "4" : "3", -1)); }

DType codesAbove(const Graph &graph, NodeId id)
{
    constexpr std::size_t kMostSteps = 4096;
    std::vector<NodeId> open{id};
    for (std::size_t step = 0; !open.empty() && step < kMostSteps; ++step) {
        const Node &one = graph.nodes[open.back()];
        open.pop_back();
        if (const QuantizeOperator *quantize = findQuantize(one); quantize != nullptr && !quantize->fake)
            return typeArgument(one);
        const bool branches = one.domain == "prim" && one.opType == "If";
        const bool lists = one.domain == "prim" && (one.opType == "ListConstruct" || one.opType == "ListUnpack");
        const bool ends
            = findQuantize(one) != nullptr || one.opType == "dequantize" || one.opType.starts_with("quantize_per");
        if (ends || (one.domain != "aten" && one.domain != "quantized" && !branches && !lists))
            continue;
        // Both ways of a branch have one type.
        for (const std::size_t from : branches ? std::vector<std::size_t>{1, 2} : std::vector<std::size_t>{0})
            if (const Value *read = graph.value(one.input(from)); read != nullptr && read->producer)
                open.push_back(*read->producer);
    }
    return DType::Unknown;
}

std::optional<NodeId> rounderAbove(const Graph &graph, ValueId value)
{
    constexpr std::size_t kMost = 256; // values that are looked at: more than fake quantization has
    std::vector<ValueId> open{value};
    for (std::size_t next = 0; next < open.size() && next < kMost; ++next) {
        const Value *one = graph.value(open[next]);
        if (one == nullptr || one->tensor || !one->producer)
            continue;
        const Node &node = graph.nodes[*one->producer];
        if (findQuantize(node) != nullptr || isAten(node, {"round", "floor", "ceil", "trunc", "sign", "int_repr"}))
            return one->producer;
        for (const ValueId input : node.inputs)
            if (open.size() < kMost && std::ranges::find(open, input) == open.end())
                open.push_back(input);
    }
    return std::nullopt;
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

bool isZeros(const Graph &graph, ValueId value)
{
    const Node *maker = graph.producerOf(handedOn(graph, value));
    if (maker != nullptr && isAten(*maker, {"squeeze", "squeeze_"}))
        maker = graph.producerOf(maker->input(0));
    return maker != nullptr && isAten(*maker, {"zeros", "zeros_like"});
}

ValueId quantizedBehind(const ModelFile &file, ValueId value)
{
    const Graph &graph = *file.graph;
    const Node *node = graph.producerOf(value);
    if (node == nullptr || !isAten(*node, {"dequantize"}))
        return value;
    const ValueId codes = handedOn(graph, node->input(0));
    const Value *stored = graph.value(codes);
    return stored != nullptr && stored->tensor && file.tensors[*stored->tensor].affine ? codes : value;
}

} // namespace quantscope::script
