#include "dialects/onnx/decode_finn.h"

#include "base/text.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/operators.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

FinnType typeOf(const std::string &name, const std::string &said)
{
    const auto type = finnTypeFromName(name);
    if (!type)
        throw ParseError(fmt::format("the type '{}' ({}) is not known", printable(name), said));
    return *type;
}

/// Where codes and values part: the first one, and how many.
struct OffType {
    std::uint64_t count = 0, first = 0;
    float value = 0;
};

/// What is rounded or clamped is not of the type.
OffType offTypeOf(const SlotQuantizer &slot)
{
    constexpr std::uint64_t kChunk = 1 << 16;
    CodeReader reader(slot);
    OffType out;
    std::vector<float> floats, values;
    for (std::uint64_t at = 0; at < reader.count(); at += kChunk) {
        floats.resize(std::min(kChunk, reader.count() - at));
        values.resize(floats.size());
        reader.floats(at, floats);
        reader.values(at, values);
        for (std::size_t i = 0; i < floats.size(); ++i)
            if (values[i] != floats[i] && out.count++ == 0) {
                out.first = at + i;
                out.value = floats[i];
            }
    }
    return out;
}

/// The product behind an operator has one factor for each output channel, along the axis of the result with those.
bool scalesChannels(
    const Constants &constants, const PlannedSlot &slot, const Shape &stored, const FoldedValue &factors)
{
    const Graph &graph = constants.graph();
    const Node &product = graph.nodes.at(slot.scale->node);
    const Node *op = graph.producerOf(product.input(product.input(0) == slot.scale->constant ? 1 : 0));
    if (op == nullptr)
        return false;
    const std::size_t rank = slot.chain.empty() ? stored.size() : slot.chain.back().values.size(); // as it is read
    std::size_t fromEnd = 0;
    if (op->opType == "Conv" || op->opType == "ConvTranspose")
        fromEnd = slot.channelsLast ? 1 : rank - std::min<std::size_t>(rank, 1);
    else if (op->opType == "MatMul" || op->opType == "Gemm")
        fromEnd = constants.paths().isStored(op->input(0)) ? 2 : 1; // y = W x
    const Shape &shape = factors.shape;
    return fromEnd > 0 && shape.size() >= fromEnd
        && shape[shape.size() - fromEnd] == static_cast<std::int64_t>(factors.count());
}

} // namespace

void FinnDecoder::say(const char *rule, Severity severity, Slot slot, const std::string &text)
{
    m_diagnostics.push_back({rule, severity, {m_layer.id, slot}, text});
}

Quantizer FinnDecoder::quantizerOf(const FinnType &type, const PlannedSlot &slot) const
{
    using Kind = FinnType::Kind;
    const std::string said = fmt::format("{} ({})", slot.datatype, slot.said);
    Quantizer q;
    q.bitWidth = type.bits;
    q.isSigned = type.isSigned;
    q.narrow = type.kind == Kind::Ternary;
    q.zeroPoint = perTensor(0);
    q.rule = CodeRule::DivideAddRound; // by 1 or a power of two: exact
    if (type.kind == Kind::Bipolar) {
        q.kind = QuantizerKind::Binary;
        q.rule = CodeRule::Threshold;
    } else if (type.kind == Kind::Minifloat) {
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = type.minifloat;
    }
    if (type.kind != Kind::ScaledInteger)
        q.scale = perTensor(std::ldexp(1.0f, -type.fractionBits));
    for (const char *field : {"bit_width", "signed", "narrow"})
        q.origin[field] = {Origin::Read, said};
    q.origin["zero_point"] = {Origin::Computed, said + " has no zero point"};
    if (q.scale)
        q.origin["scale"] = type.kind == Kind::Fixed
            ? Provenance{Origin::Read, said}
            : Provenance{Origin::Computed, said + " has no scale: values are what they are"};
    return q;
}

bool FinnDecoder::isOfType(const PlannedSlot &slot, const SlotQuantizer &out)
{
    const OffType off = offTypeOf(out);
    if (off.count == 0)
        return true;
    const std::string rest = off.count == 1 ? "" : fmt::format(", and {} more", grouped(off.count - 1));
    say("datatype-contradicted", Severity::Warning, slot.slot,
        fmt::format(
            "The {} of {} is {} by {}, but {} at index {} is no such number{}: the codes shown are the nearest.",
            slot.slot, printable(m_layer.name), printable(slot.datatype), slot.said, shortest(off.value),
            grouped(off.first), rest));
    return false;
}

/// Of integers whose scale stands behind the operator that reads them.
void FinnDecoder::takeScale(const PlannedSlot &slot, SlotQuantizer &out)
{
    const Node &node = m_constants.graph().nodes.at(slot.scale->node);
    const FoldedValue &factors = m_constants.folder().fold(slot.scale->constant);
    std::vector<float> values = factors.floats();
    const auto axis = static_cast<std::size_t>(slot.channelAxis);
    const bool perChannel = values.size() > 1;
    const bool placed = slot.channelAxis >= 0 && axis < out.shape.size()
        && out.shape[axis] == static_cast<std::int64_t>(values.size())
        && scalesChannels(m_constants, slot, out.shape, factors);
    if (values.empty() || (perChannel && !placed))
        return;
    Quantizer &q = *out.quantizer;
    q.rule = CodeRule::Stored;
    q.scale = perTensor(values[0]);
    if (perChannel) {
        q.scale = Granular{Shape(out.shape.size(), 1), slot.channelAxis, std::move(values)};
        q.scale->shape[axis] = out.shape[axis];
    }
    q.origin["scale"] = {Origin::Read, nodeLabel(node) + ", behind the operator that reads the codes"};
}

/// Of the type that the graph names; a float is none.
std::optional<FinnType> FinnDecoder::takeType(const PlannedSlot &slot, SlotQuantizer &out)
{
    FinnType type = typeOf(slot.datatype, slot.said);
    if (type.kind == FinnType::Kind::Float)
        return std::nullopt;
    out.quantizer = quantizerOf(type, slot);
    if (!out.quantizer->scale)
        say("scale-not-stored", Severity::Warning, slot.slot,
            fmt::format("The scale of {} ({}) is not in the file: {} by {} says its bits alone{}.",
                printable(m_layer.name), slot.slot, printable(slot.datatype), slot.said,
                slot.constant ? ", so its codes are not known" : ""));
    return type;
}

void FinnDecoder::constant(const PlannedSlot &slot, SlotQuantizer &out)
{
    if (!slot.contradicted.empty())
        say("datatypes-differ", Severity::Note, slot.slot,
            fmt::format("The {} of {} is {} by {}, and {}: the former is taken.", slot.slot, printable(m_layer.name),
                printable(slot.datatype), slot.said, slot.contradicted));
    if (!out.tensor->problem.empty())
        return;
    if (!isFloating(out.tensor->dtype)) {
        say("datatype-contradicted", Severity::Warning, slot.slot,
            fmt::format("The {} of {} is {} by {}, but its tensor holds {}: such types are said of float tensors, so "
                        "this one is not taken.",
                slot.slot, printable(m_layer.name), printable(slot.datatype), slot.said, dtypeName(out.tensor->dtype)));
        return;
    }
    const auto type = takeType(slot, out);
    if (!type)
        return;
    if (out.quantizer->scale && isOfType(slot, out) && slot.scale && type->kind != FinnType::Kind::Minifloat
        && type->kind != FinnType::Kind::Fixed)
        takeScale(slot, out);
    const Node &node = m_constants.graph().nodes.at(slot.node);
    const HardwareOperator *hardware = slot.ofHardware ? findHardware(node) : nullptr;
    if (hardware != nullptr && node.integer("binaryXnorMode", hardware->xnor ? 1 : 0) != 0)
        say("xnor-weights", Severity::Note, slot.slot,
            fmt::format(
                "{} multiplies by XNOR: the codes 0 and 1 of its weight stand for -1 and +1.", operatorLabel(node)));
}

void FinnDecoder::activation(const PlannedSlot &slot, SlotQuantizer &out) { takeType(slot, out); }

void FinnDecoder::saySteps(const Node &node, const FinnType &type, std::int64_t steps, Slot slot)
{
    const bool counted = type.kind != FinnType::Kind::Float && type.kind != FinnType::Kind::Minifloat;
    const std::uint64_t values = type.kind == FinnType::Kind::Bipolar ? 2 : type.range().size();
    if (counted && steps > 0 && static_cast<std::uint64_t>(steps) >= values)
        say("datatype-contradicted", Severity::Warning, slot,
            fmt::format("{} has {} thresholds a channel, and so {} levels, but its output type has {} values.",
                operatorLabel(node), steps, steps + 1, values));
}

/// y = (scale * count + bias + offset) * factor, of numbers that Brevitas writes as operators of their own.
void FinnDecoder::takeSteps(const PlannedSlot &slot, ThresholdFacts &facts)
{
    const auto numberOf = [&](const std::optional<ModuleStep> &step, float missing) -> std::optional<float> {
        const std::vector<float> values
            = step ? m_constants.folder().fold(step->constant).floats() : std::vector<float>{missing};
        return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
    };
    const auto offset = numberOf(slot.offset, 0), factor = numberOf(slot.scale, 1);
    if (!offset || !factor || (!slot.offset && !slot.scale))
        return;
    facts.bias = (facts.bias + *offset) * *factor;
    facts.scale *= *factor;
    const auto &nodes = m_constants.graph().nodes;
    if (slot.scale)
        facts.scaleSaid = nodeLabel(nodes.at(slot.scale->node));
    if (slot.offset)
        facts.biasSaid = nodeLabel(nodes.at(slot.offset->node));
}

void FinnDecoder::thresholds(const PlannedSlot &slot, SlotQuantizer &out)
{
    const Node &node = m_constants.graph().nodes.at(slot.node);
    ThresholdFacts facts = thresholdFactsOf(m_constants, node);
    takeSteps(slot, facts);
    const FinnType type = typeOf(facts.type, facts.typeSaid);
    ThresholdCodes codes = thresholdCodesOf(facts, type);
    out.formula = thresholdFormula(facts, codes);
    saySteps(node, type, facts.steps.value_or(0), slot.slot);
    Quantizer &q = codes.quantizer;
    const std::string said = fmt::format("{}: {}", facts.typeSaid, printable(facts.type));
    const std::string counted = "counted thresholds: " + nodeLabel(node);
    q.origin["signed"] = {Origin::Read, said};
    q.origin["narrow"] = {Origin::Computed, counted};
    q.origin["scale"] = facts.scaleSaid.empty() ? Provenance{Origin::Computed, said + " holds whole numbers"}
                                                : Provenance{Origin::Read, facts.scaleSaid};
    if (q.bitWidth)
        q.origin["bit_width"] = {Origin::Read, said};
    else
        say("bit-width-not-stored", Severity::Warning, slot.slot,
            fmt::format("The bit width of {} ({}) is not known: {} says {}.", printable(m_layer.name), slot.slot,
                operatorLabel(node), printable(facts.type)));
    if (q.zeroPoint)
        q.origin["zero_point"] = {Origin::Computed, fmt::format("{}: {}", facts.biasSaid, shortest(facts.bias))};
    else
        say("zero-point-not-whole", Severity::Warning, slot.slot,
            fmt::format("The zero point of {} ({}) is not known: {} adds {}, which is no whole number of steps of {}.",
                printable(m_layer.name), slot.slot, operatorLabel(node), shortest(facts.bias), shortest(facts.scale)));
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
