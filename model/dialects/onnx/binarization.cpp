#include "dialects/onnx/binarization.h"

#include "base/text.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

using Zero = Binarization::Zero;

/// Reads a binarization against the direction of the data. One use: run().
class SignReader {
public:
    explicit SignReader(Constants &constants)
        : m_constants(constants)
        , m_graph(constants.graph())
    {
    }

    std::optional<Binarization> run(ValueId value)
    {
        const Node *node = makerOf(value);
        if (node == nullptr)
            return std::nullopt;
        m_found.last = *m_graph.values[value].producer;
        if (node->opType == "Mul") {
            const bool second = m_constants.paths().count(node->input(1)) > m_constants.paths().count(node->input(0));
            m_found.scale = node->input(second ? 0 : 1);
            take(value);
            value = node->input(second ? 1 : 0);
            node = makerOf(value);
        }
        const bool known = node != nullptr && core(value, *node);
        std::ranges::reverse(m_found.nodes);
        return known && m_found.input != kNoValue ? std::optional(m_found) : std::nullopt;
    }

private:
    /// The standard operator that makes a value, past operators that keep numbers.
    const Node *makerOf(ValueId &value)
    {
        for (int step = 0; step < 16; ++step) {
            const Value *v = m_graph.value(value);
            if (v == nullptr || v->tensor || !v->producer || !m_graph.nodes[*v->producer].domain.empty())
                return nullptr;
            const Node &node = m_graph.nodes[*v->producer];
            if (node.opType != "Identity" && node.opType != "Cast")
                return &node;
            value = node.input(0);
        }
        return nullptr;
    }
    void take(ValueId value) { m_found.nodes.push_back(*m_graph.values[value].producer); }

    std::optional<float> number(ValueId value)
    {
        const Value *v = m_graph.value(value);
        if (v == nullptr || !m_constants.paths().isStored(value) || m_constants.paths().count(value) > 1)
            return std::nullopt;
        try {
            const std::vector<float> values = m_constants.folder().fold(value).floats();
            return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
        } catch (const ParseError &) {
            return std::nullopt; // no number that is known
        }
    }

    bool core(ValueId value, const Node &node)
    {
        take(value);
        if (node.opType == "Sign")
            return sign(node);
        if (node.opType == "Where") {
            m_found.plus = node.input(1);
            m_found.minus = node.input(2);
            return comparison(node.input(0));
        }
        return doubled(node);
    }

    /// sign(x), or larq's sign(sign(x) + 0.1).
    bool sign(const Node &node)
    {
        m_found.input = node.input(0);
        ValueId value = node.input(0);
        const Node *add = makerOf(value);
        if (add == nullptr || add->opType != "Add")
            return true;
        const bool second = number(add->input(0)).has_value();
        const auto offset = number(add->input(second ? 0 : 1));
        ValueId inner = add->input(second ? 1 : 0);
        const Node *first = makerOf(inner);
        if (first == nullptr || first->opType != "Sign")
            return true;
        if (!offset || !(std::fabs(*offset) < 1) || *offset == 0)
            return false;
        take(value);
        take(inner);
        m_found.zero = *offset > 0 ? Zero::Plus : Zero::Minus;
        m_found.input = first->input(0);
        return true;
    }

    /// 2 b - 1 of a comparison b.
    bool doubled(const Node &node)
    {
        const bool subtracts = node.opType == "Sub" && number(node.input(1)) == 1.0f;
        const bool adds = node.opType == "Add" && number(node.input(1)) == -1.0f;
        if (!subtracts && !adds)
            return false;
        ValueId value = node.input(0);
        const Node *twice = makerOf(value);
        if (twice == nullptr || twice->opType != "Mul")
            return false;
        const bool second = number(twice->input(0)) == 2.0f;
        if (!second && number(twice->input(1)) != 2.0f)
            return false;
        take(value);
        return comparison(twice->input(second ? 1 : 0));
    }

    bool comparison(ValueId value)
    {
        bool flipped = false;
        const Node *node = makerOf(value);
        for (; node != nullptr && node->opType == "Not"; node = makerOf(value)) {
            take(value);
            flipped = !flipped;
            value = node->input(0);
            if (m_found.nodes.size() > 16)
                return false;
        }
        static constexpr std::string_view kNames[] = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual"};
        const auto name = node == nullptr ? std::end(kNames) : std::ranges::find(kNames, node->opType);
        if (name == std::end(kNames))
            return false;
        take(value);
        const bool zeroLeft = number(node->input(0)) == 0.0f;
        if (!zeroLeft && number(node->input(1)) != 0.0f)
            return false;
        m_found.input = node->input(zeroLeft ? 1 : 0);
        // Whether the answer is true of positive values, and of 0.
        const bool equal = node->opType.ends_with("OrEqual");
        const bool positive = node->opType.starts_with("Greater") != zeroLeft;
        m_found.flipped = positive == flipped;
        m_found.zero = equal != flipped ? Zero::Plus : Zero::Minus; // what true stands for, before a flip of signs
        return true;
    }

    Constants &m_constants;
    const Graph &m_graph;
    Binarization m_found;
};

/// Scale of Where's two numbers, which must be opposite; negative where it chooses the negative one for true.
Granular chosenScale(Constants &constants, const Binarization &found, const Shape &shape)
{
    const std::string label = nodesText(constants.graph(), found.nodes);
    Granular plus = broadcastGranular(constants, found.plus, &shape, label);
    const Granular minus = broadcastGranular(constants, found.minus, &shape, label);
    bool opposite = plus.values.size() == minus.values.size();
    for (std::size_t i = 0; opposite && i < plus.values.size(); ++i)
        opposite = plus.values[i] == -minus.values[i] && (plus.values[i] > 0) == (plus.values[0] > 0);
    if (!opposite)
        throw ParseError(label + " choose between values that are not opposite");
    return plus;
}

bool holdsZero(const TensorInfo &tensor)
{
    TensorReader reader(tensor);
    std::vector<float> part(std::min<std::uint64_t>(tensor.count(), 1 << 16));
    for (std::uint64_t at = 0; at < tensor.count(); at += part.size()) {
        const auto chunk = std::span(part).first(std::min<std::uint64_t>(part.size(), tensor.count() - at));
        reader.floats(at, chunk);
        if (std::ranges::any_of(chunk, [](float v) { return !(v != 0); }))
            return true;
    }
    return false;
}

struct SignRule {
    Zero zero;
    bool flipped; ///< negative values are +1
};

/// A positive scale; choosing the negative number for positive values flips the rule.
Granular scaleOf(Constants &constants, const Binarization &found, const Shape &shape, SignRule &rule)
{
    const std::string nodes = nodesText(constants.graph(), found.nodes);
    Granular scale = found.plus == kNoValue ? Granular{{}, std::nullopt, {1.0f}} : chosenScale(constants, found, shape);
    if (scale.values[0] < 0) {
        for (float &value : scale.values)
            value = -value;
        rule.flipped = !rule.flipped;
        rule.zero = rule.zero == Zero::Plus ? Zero::Minus : Zero::Plus;
    }
    if (found.scale == kNoValue)
        return scale;
    if (scale.values != std::vector<float>{1.0f})
        throw ParseError(nodes + " have two scales");
    return broadcastGranular(constants, found.scale, &shape, "the scale of " + nodes);
}

/// -1, 0 and 1 of floats, where no rule of ours gives the code that the operators give.
std::shared_ptr<const TensorInfo> signCodes(const TensorInfo &tensor, const SignRule &rule)
{
    const std::vector<float> values = readFloats(tensor, Limits().foldElements);
    const std::int64_t atZero = rule.zero == Zero::Zero ? 0 : rule.zero == Zero::Plus ? 1 : -1;
    std::vector<std::int64_t> codes;
    for (const float v : values) {
        const std::int64_t sign = std::int64_t{v > 0} - std::int64_t{v < 0};
        codes.push_back(sign == 0 ? atZero : rule.flipped ? -sign : sign);
    }
    return memoryTensor(tensor.name, DType::Int64, tensor.shape, std::span<const std::int64_t>(codes));
}

} // namespace

std::optional<Binarization> binarizationOf(Constants &constants, ValueId value)
{
    return SignReader(constants).run(value);
}

void decodeBinarization(Constants &constants, const Binarization &found, SlotQuantizer &out)
{
    takeTensor(out, constants.tensor(found.input));
    if (!out.tensor->problem.empty())
        return;
    const std::string nodes = nodesText(constants.graph(), found.nodes);
    SignRule rule{found.zero, found.flipped};
    Quantizer q;
    q.scale = scaleOf(constants, found, out.shape, rule);
    const bool hasZero = holdsZero(*out.tensor);
    const bool ternary = hasZero && rule.zero == Zero::Zero;
    q.kind = ternary ? QuantizerKind::Ternary : QuantizerKind::Binary;
    q.rule = ternary ? CodeRule::TernaryThreshold : CodeRule::Threshold;
    q.ternaryThreshold = 0;
    if (rule.flipped || (hasZero && rule.zero == Zero::Minus)) {
        out.tensor = signCodes(*out.tensor, rule);
        q.rule = CodeRule::Stored;
    }
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.bitWidth = ternary ? 2 : 1;
    q.isSigned = true;
    q.narrow = ternary;
    q.origin["scale"] = {Origin::Read, scaleDetail(constants, found.scale, nodes)};
    for (const char *field : {"zero_point", "bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Computed,
            ternary ? nodes + ": codes -1, 0 (of the weights that are 0) and +1" : nodes + ": codes -1 and +1"};
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
