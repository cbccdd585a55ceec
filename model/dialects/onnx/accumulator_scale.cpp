#include "dialects/onnx/accumulator_scale.h"

#include "dialects/onnx/labels.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kLongestScaleChain = 8; ///< exporters write a Cast and two products
constexpr std::size_t kMostFactors = 8;

bool isProduct(const Node &node) { return node.domain.empty() && node.opType == "Mul" && node.inputs.size() == 2; }

bool isCastOrIdentity(const Node &node)
{
    return node.domain.empty() && (node.opType == "Cast" || node.opType == "Identity");
}

/// Walks from the integers down through casts and products. One use: find().
class ScaleFinder {
public:
    ScaleFinder(const Constants &constants, NodeId id, const CodePositions &input)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_inputScale(inputScaleOf(operandOf(m_graph.nodes[id], input).codes))
    {
        m_found.last = id;
    }

    AccumulatorScale find()
    {
        for (std::size_t step = 0; step < kLongestScaleChain && !(m_inputSeen && !m_weights.empty()); ++step) {
            const bool before = m_inputSeen || !m_weights.empty();
            if (!takeReader())
                break;
            m_together = !before && m_inputSeen && !m_weights.empty();
        }
        lookBehind();
        conclude();
        return std::move(m_found);
    }

private:
    struct Factor {
        ValueId value = kNoValue;
        NodeId reader = 0;
        std::size_t input = 0;
        bool reshaped = false;
    };

    /// The scale of what a QuantizeLinear or DynamicQuantizeLinear made.
    ValueId inputScaleOf(ValueId codes) const
    {
        const Source source = sourceOf(m_graph, codes);
        if (!source.node)
            return kNoValue;
        const Node &maker = m_graph.nodes[*source.node];
        if (isDynamicQuantize(maker))
            return maker.outputs.size() > 1 ? maker.outputs[1] : kNoValue;
        if (isQuantize(maker))
            return sourceOf(m_graph, maker.input(1)).value;
        const QOperator *op = findQOperator(maker);
        return op == nullptr ? kNoValue : sourceOf(m_graph, operandOf(maker, op->output).scale).value;
    }

    /// Also that of a DynamicQuantizeLinear whose codes reach the operator on a way that is not followed.
    bool isInputScale(ValueId value) const
    {
        if (value == kNoValue)
            return false;
        const Node *maker = m_graph.producerOf(value);
        return value == m_inputScale
            || (maker != nullptr && isDynamicQuantize(*maker) && maker->outputs.size() > 1
                && maker->outputs[1] == value);
    }

    std::optional<NodeId> onlyReader(NodeId id) const
    {
        const Node &node = m_graph.nodes[id];
        const Value *value = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
        const bool one = value != nullptr && value->consumers.size() == 1
            && std::ranges::find(m_graph.outputs, node.outputs[0]) == m_graph.outputs.end();
        return one ? std::optional(value->consumers[0]) : std::nullopt;
    }

    bool takeReader()
    {
        const auto next = onlyReader(m_found.last);
        if (!next)
            return false;
        const Node &node = m_graph.nodes[*next];
        if (isProduct(node)) {
            const std::size_t other = node.input(0) == m_graph.nodes[m_found.last].outputs[0] ? 1 : 0;
            addFactors({node.input(other), *next, other, false});
        } else if (!isCastOrIdentity(node)) {
            return false;
        }
        m_found.nodes.push_back(*next);
        m_found.last = *next;
        return true;
    }

    /// Products are taken apart, shapes looked through.
    void addFactors(const Factor &whole)
    {
        std::vector<Factor> open{whole};
        for (std::size_t next = 0; next < open.size() && next < kMostFactors; ++next) {
            const Factor factor = open[next];
            const Value *value = m_graph.value(factor.value);
            const Node *maker = m_graph.producerOf(factor.value);
            if (isInputScale(factor.value)) {
                m_inputSeen = true;
            } else if (value != nullptr && !value->tensor && maker != nullptr
                && (isProduct(*maker) || keepsValues(*maker))) {
                const NodeId id = *value->producer;
                if (value->consumers.size() == 1)
                    m_found.nodes.push_back(id);
                const bool reshaped = factor.reshaped || !(isProduct(*maker) || isCastOrIdentity(*maker));
                open.push_back({maker->input(0), id, 0, reshaped});
                if (isProduct(*maker))
                    open.push_back({maker->input(1), id, 1, reshaped});
            } else if (m_constants.paths().isStored(factor.value)) {
                m_weights.push_back(factor);
            } else {
                ++m_unknown;
            }
        }
    }

    bool isSingle(const Factor &factor) const { return m_constants.paths().count(factor.value) <= 1; }

    /// A single number may be of anything where a constant for each channel follows, and where the scale of the input
    /// stands apart from it, where any constant does.
    void lookBehind()
    {
        if (m_weights.size() != 1 || !isSingle(m_weights[0]))
            return;
        ScaleFinder behind = *this;
        for (std::size_t step = 0; step < kLongestScaleChain; ++step)
            if (!behind.takeReader())
                break;
        std::copy_if(behind.m_weights.begin() + 1, behind.m_weights.end(), std::back_inserter(m_weights),
            [this](const Factor &factor) { return !m_together || !isSingle(factor); });
    }

    void conclude()
    {
        if (m_weights.empty())
            m_found.why
                = m_found.nodes.empty() ? "nothing multiplies its integers" : "no constant multiplies its integers";
        else if (m_weights.size() > 1)
            m_found.why = fmt::format("{} constants multiply its integers, and nothing tells the weight's scale from "
                                      "the others",
                m_weights.size());
        else if (!m_inputSeen)
            m_found.why
                = fmt::format("the constant that multiplies its integers ({}) may hold the scale of its input too",
                    inputLabel(m_graph.nodes[m_weights[0].reader], m_weights[0].input));
        else if (m_unknown > 0)
            m_found.why = "its integers are multiplied by more than the scales of input and weight";
        if (!m_found.why.empty())
            return;
        m_found.weight = m_weights[0].value;
        m_found.reader = m_weights[0].reader;
        m_found.input = m_weights[0].input;
        m_found.reshaped = m_weights[0].reshaped;
    }

    const Constants &m_constants;
    const Graph &m_graph;
    ValueId m_inputScale;
    AccumulatorScale m_found;
    std::vector<Factor> m_weights;
    std::size_t m_unknown = 0;
    bool m_inputSeen = false, m_together = false; ///< scales of input and weight are one operand
};

} // namespace

AccumulatorScale accumulatorScaleOf(const Constants &constants, NodeId id, const CodePositions &input)
{
    return ScaleFinder(constants, id, input).find();
}

} // namespace quantscope::interpret
