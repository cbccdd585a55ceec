#include "dialects/onnx/fake_quantization.h"

#include "base/text.h"
#include "graph/onnx_types.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

using Kind = FakeStep::Kind;

/// More operators than any exporter writes for one quantizer.
constexpr std::size_t kMostSteps = 24;

bool isRounding(Kind kind)
{
    return kind == Kind::Round || kind == Kind::Floor || kind == Kind::Ceil || kind == Kind::Truncate;
}

/// Reads fake quantization against the direction of the data. One use: run().
class FakeReader {
public:
    explicit FakeReader(const Constants &constants)
        : m_file(constants.file())
        , m_graph(constants.graph())
        , m_paths(constants.paths())
    {
    }

    std::optional<FakeQuantization> run(ValueId value);

private:
    struct Read {
        FakeStep step;
        ValueId data = kNoValue;
    };
    std::optional<Read> read(NodeId id) const;
    std::optional<Read> binary(NodeId id, Kind kind) const;
    std::optional<Read> bounded(NodeId id) const;
    std::optional<Read> cast(NodeId id) const;
    std::optional<Read> chosen(NodeId id) const;
    std::optional<Read> through(NodeId id) const;
    bool accepts(Kind kind);
    void keepCast(std::vector<FakeStep> &steps);

    std::optional<FakeQuantization> finished(FakeQuantization out, ValueId value) const;

    const ModelFile &m_file;
    const Graph &m_graph;
    const ConstantPaths &m_paths;
    bool m_scaledBelow = false, m_rounded = false, m_scaledAbove = false, m_other = false;
};

/// Which operand is the data: what is no constant, else what has more elements.
std::optional<FakeReader::Read> FakeReader::binary(NodeId id, Kind kind) const
{
    const Node &node = m_graph.nodes[id];
    const ValueId a = node.input(0), b = node.input(1);
    const bool left = m_paths.isStored(a), right = m_paths.isStored(b);
    if (a == kNoValue || b == kNoValue || (!left && !right))
        return std::nullopt;
    const bool second = left && (!right || m_paths.count(b) > m_paths.count(a));
    const bool ordered = kind == Kind::Divide || kind == Kind::Subtract;
    if (ordered && second)
        return std::nullopt;
    FakeStep step{kind, id, second ? a : b, kNoValue, kNoValue, {}, {}};
    return Read{step, second ? b : a};
}

std::optional<FakeReader::Read> FakeReader::bounded(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    FakeStep step{Kind::Clip, id, kNoValue, kNoValue, kNoValue, {}, {}};
    if (node.opType == "Relu") {
        step.lowNumber = 0.0f;
        return Read{step, node.input(0)};
    }
    if (node.opType == "Clip") {
        step.low = node.input(1);
        step.high = node.input(2);
        for (const auto &[name, number] : {std::pair("min", &step.lowNumber), std::pair("max", &step.highNumber)})
            if (const Attribute *a = node.attribute(name); a != nullptr && a->kind == Attribute::Kind::Float)
                *number = a->f;
        const bool constant = (step.low == kNoValue || m_paths.isStored(step.low))
            && (step.high == kNoValue || m_paths.isStored(step.high));
        return constant ? std::optional(Read{step, node.input(0)}) : std::nullopt;
    }
    auto read = node.inputs.size() == 2 ? binary(id, Kind::Clip) : std::nullopt;
    if (!read)
        return std::nullopt;
    (node.opType == "Max" ? step.low : step.high) = read->step.operand;
    return Read{step, read->data};
}

std::optional<FakeReader::Read> FakeReader::cast(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    const DType to = dtypeFromOnnx(static_cast<std::uint64_t>(node.integer("to", 0)));
    FakeStep step{Kind::Keep, id, kNoValue, kNoValue, kNoValue, {}, {}};
    if (isInteger(to) && to != DType::Bool)
        step.kind = Kind::Truncate;
    else if (to != DType::Float32)
        return std::nullopt;
    return Read{step, node.input(0)};
}

/// x > high ? high : x, and its kin: how Brevitas clamps, and torch's where.
std::optional<FakeReader::Read> FakeReader::chosen(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    const Node *question = m_graph.producerOf(node.input(0));
    if (question == nullptr || !question->domain.empty() || question->inputs.size() != 2)
        return std::nullopt;
    const bool greater = question->opType.starts_with("Greater"), less = question->opType.starts_with("Less");
    const ValueId x = question->input(0), bound = question->input(1);
    const bool boundFirst = node.input(2) == x; // chosen where the answer is true
    if ((!greater && !less) || (!boundFirst && node.input(1) != x) || !m_paths.isStored(bound))
        return std::nullopt;
    FakeStep step{Kind::Clip, id, kNoValue, kNoValue, kNoValue, {}, {}};
    const ValueId limit = node.input(boundFirst ? 1 : 2);
    if (!m_paths.isStored(limit))
        return std::nullopt;
    (greater == boundFirst ? step.high : step.low) = limit;
    step.compared = bound;
    return Read{step, x};
}

std::optional<FakeReader::Read> FakeReader::through(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
        const Node *difference = m_graph.producerOf(node.input(which));
        if (difference != nullptr && difference->opType == "Sub" && difference->domain.empty()
            && difference->input(1) == node.input(1 - which))
            return Read{{Kind::Through, id, kNoValue, kNoValue, kNoValue, {}, {}}, difference->input(0)};
    }
    return std::nullopt;
}

std::optional<FakeReader::Read> FakeReader::read(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    if (!node.domain.empty())
        return std::nullopt;
    if (node.opType == "Where")
        return chosen(id);
    if (node.opType == "Add" && node.inputs.size() == 2)
        if (auto found = through(id))
            return found;
    static constexpr std::pair<std::string_view, Kind> kBinary[]
        = {{"Div", Kind::Divide}, {"Mul", Kind::Multiply}, {"Add", Kind::Add}, {"Sub", Kind::Subtract}};
    for (const auto &[name, kind] : kBinary)
        if (node.opType == name)
            return binary(id, kind);
    static constexpr std::pair<std::string_view, Kind> kUnary[]
        = {{"Round", Kind::Round}, {"Floor", Kind::Floor}, {"Ceil", Kind::Ceil}, {"Identity", Kind::Keep}};
    for (const auto &[name, kind] : kUnary)
        if (node.opType == name)
            return Read{{kind, id, kNoValue, kNoValue, kNoValue, {}, {}}, node.input(0)};
    if (node.opType == "Cast")
        return cast(id);
    if (node.opType == "Clip" || node.opType == "Min" || node.opType == "Max" || node.opType == "Relu")
        return bounded(id);
    return std::nullopt;
}

/// A cast of what is whole already, since an operator above it rounds, rounds nothing.
void FakeReader::keepCast(std::vector<FakeStep> &steps)
{
    const auto cast = std::ranges::find_if(steps, [](const FakeStep &step) { return step.kind == Kind::Truncate; });
    if (cast == steps.end())
        return;
    cast->kind = Kind::Keep;
    m_rounded = false;
}

/// May that operator stand above those that were read?
bool FakeReader::accepts(Kind kind)
{
    if (kind == Kind::Keep || kind == Kind::Through)
        return true;
    if (isRounding(kind)) {
        const bool first = !m_rounded;
        m_rounded = true;
        return first;
    }
    if (!m_rounded) {
        if (!FakeStep::isScaling(kind)) {
            m_other = true;
            return true;
        }
        const bool first = !m_scaledBelow && !m_other;
        m_scaledBelow = true;
        return first;
    }
    if (m_scaledAbove)
        return kind == Kind::Clip;
    m_scaledAbove = FakeStep::isScaling(kind);
    return true;
}

std::optional<FakeQuantization> FakeReader::run(ValueId value)
{
    FakeQuantization out;
    while (out.steps.size() < kMostSteps) {
        const Value *v = m_graph.value(value);
        if (v == nullptr || v->tensor || !v->producer)
            break;
        auto found = read(*v->producer);
        if (!found || found->data == kNoValue)
            break;
        const Kind kind = found->step.kind;
        if (isRounding(kind) && !m_scaledAbove)
            keepCast(out.steps);
        if (!accepts(kind))
            break;
        out.steps.push_back(found->step);
        value = found->data;
    }
    return finished(std::move(out), value);
}

std::optional<FakeQuantization> FakeReader::finished(FakeQuantization out, ValueId value) const
{
    const Value *input = m_graph.value(value);
    const bool integers = input != nullptr && input->tensor && isInteger(m_file.tensors[*input->tensor].dtype);
    if (!m_rounded && !(integers && m_scaledBelow))
        return std::nullopt;
    if (out.steps.back().kind == Kind::Through) // of something else than a quantizer
        return std::nullopt;
    while (m_rounded && out.steps.back().kind == Kind::Keep) // casts of x itself, which reading it as float32 does
        out.steps.pop_back();
    out.input = value;
    std::ranges::reverse(out.steps);
    for (std::size_t i = 0; i < out.steps.size(); ++i) {
        const Kind kind = out.steps[i].kind;
        if (isRounding(kind))
            out.rounding = i;
        if (isRounding(kind) || (kind == Kind::Clip && (out.rounding || !m_rounded)))
            out.codes = i;
    }
    return out;
}

} // namespace

bool FakeQuantization::hasClip() const
{
    return std::ranges::any_of(steps, [](const FakeStep &step) { return step.kind == Kind::Clip; });
}

std::optional<FakeQuantization> fakeQuantizationOf(const Constants &constants, ValueId value)
{
    return FakeReader(constants).run(value);
}

std::vector<NodeId> nodesOf(const FakeQuantization &found)
{
    std::vector<NodeId> out;
    for (const FakeStep &step : found.steps)
        out.push_back(step.node);
    return out;
}

std::string nodesText(const Graph &graph, const std::vector<NodeId> &nodes)
{
    std::vector<std::string> names;
    for (const NodeId id : nodes) {
        const Node &node = graph.nodes[id];
        const Value *output = node.outputs.empty() ? nullptr : graph.value(node.outputs[0]);
        names.push_back(!node.name.empty() ? printable(node.name)
                : output == nullptr        ? printable(node.opType)
                                           : fmt::format("{} of {}", printable(node.opType), printable(output->name)));
    }
    return fmt::format("{} {}", nodes.size() == 1 ? "node" : "nodes", fmt::join(names, ", "));
}

} // namespace quantscope::interpret
