#include "dialects/torchscript/script_decode.h"

#include "base/text.h"
#include "dialects/onnx/code_limits.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/torchscript/stored_affine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace quantscope::script {

namespace {

using namespace interpret;

std::optional<double> literalOf(const Node &node, std::size_t position)
{
    const Attribute *found = node.attribute(std::to_string(position));
    if (found != nullptr && found->kind == Attribute::Kind::Int)
        return static_cast<double>(found->i);
    return found != nullptr && found->kind == Attribute::Kind::Float
        ? std::optional<double>(static_cast<double>(found->f))
        : std::nullopt;
}

DType codeTypeOf(const Node &quantize)
{
    const DType type = typeArgument(quantize);
    if (type != DType::QInt8 && type != DType::QUInt8 && type != DType::QInt32)
        throw ParseError(fmt::format("{} makes codes of a type that is not known", nodeLabel(quantize)));
    return type;
}

} // namespace

std::string ScriptDecoder::place(const ScriptArgument &argument) const
{
    return fmt::format("{}, argument {}", nodeLabel(node(argument.node)), argument.position);
}

SlotQuantizer ScriptDecoder::list(const ScriptSlot &slot)
{
    SlotQuantizer out;
    out.slot = slot.slot;
    out.channelAxis = slot.channelAxis;
    out.sources = sourcesOf(slot);
    if (!slot.constant)
        return out;
    const ValueId value = slot.form == ScriptSlot::Form::Pattern ? slot.pattern.input : slot.value;
    auto view = m_constants.view(handedOn(m_constants.graph(), value));
    if (view == nullptr)
        view = m_constants.view(m_constants.paths().tensorBehind(value));
    if (view != nullptr)
        takeTensor(out, slot.extraAxis ? withoutExtraAxis(*view) : std::move(view));
    return out;
}

/// The tensors that went into it.
std::vector<std::size_t> ScriptDecoder::sourcesOf(const ScriptSlot &slot) const
{
    constexpr std::size_t kMostVisited = 4096;
    const Graph &graph = m_constants.graph();
    std::vector<ValueId> open;
    std::set<ValueId> visited;
    if (slot.constant)
        open.push_back(slot.value);
    for (const NodeId id : slot.pattern.nodes)
        open.insert(open.end(), graph.nodes[id].inputs.begin(), graph.nodes[id].inputs.end());
    if (slot.form == ScriptSlot::Form::Output)
        for (std::size_t i = 0; i < 2; ++i)
            open.push_back(node(slot.scale.node).input(slot.scale.position + i));
    std::vector<std::size_t> tensors;
    while (!open.empty() && visited.size() < kMostVisited) {
        const ValueId id = open.back();
        open.pop_back();
        if (id == kNoValue || !m_constants.paths().isStored(id) || !visited.insert(id).second)
            continue;
        if (graph.values[id].tensor)
            tensors.push_back(*graph.values[id].tensor);
        else if (const Node *maker = graph.producerOf(id))
            open.insert(open.end(), maker->inputs.begin(), maker->inputs.end());
    }
    return tensors;
}

Granular ScriptDecoder::granular(const ScriptArgument &argument, const Shape *shape, std::optional<std::int64_t> axis)
{
    const Node &owner = node(argument.node);
    const ValueId value = owner.input(argument.position);
    if (value == kNoValue) {
        const auto number = literalOf(owner, argument.position);
        if (!number)
            throw NotConstant(place(argument) + " is no number");
        return {{}, std::nullopt, {static_cast<float>(*number)}};
    }
    if (!axis || shape == nullptr || m_constants.folder().fold(value).count() == 1)
        return broadcastGranular(m_constants, value, shape, place(argument));
    const FoldedValue &folded = m_constants.folder().fold(value);
    const auto rank = static_cast<std::int64_t>(shape->size());
    const std::int64_t along = *axis < 0 ? *axis + rank : *axis;
    if (along < 0 || along >= rank || folded.shape.size() != 1
        || folded.shape[0] != (*shape)[static_cast<std::size_t>(along)])
        throw ParseError(fmt::format("{} has shape {}, which does not fit axis {} of {}", place(argument),
            shapeText(folded.shape), *axis, shapeText(*shape)));
    Granular out{Shape(shape->size(), 1), static_cast<int>(along), folded.floats()};
    if (out.values.empty())
        throw ParseError(place(argument) + " is empty");
    out.shape[static_cast<std::size_t>(along)] = folded.shape[0];
    return out;
}

/// Per channel, zero points of a float type are added before the code is rounded, which no rule here does; learned ones
/// are rounded themselves.
void ScriptDecoder::requireWholeZeroPoints(const ScriptArgument &zeroPoint, const QuantizeOperator &op)
{
    const ValueId value = node(zeroPoint.node).input(zeroPoint.position);
    if (value == kNoValue || !isFloating(m_constants.folder().fold(value).dtype))
        return;
    const bool rounds = op.opType.find("learnable") != std::string_view::npos;
    const auto isSame = [&](float zero) { return zero == 0 || (zero == std::floor(zero) && (rounds || !op.axis)); };
    if (!std::ranges::all_of(m_constants.folder().fold(value).floats(), isSame))
        throw NotConstant(fmt::format("{} has zero points of a float type, of which torch makes other codes than of "
                                      "integers",
            place(zeroPoint)));
}

void ScriptDecoder::setParameters(const ScriptSlot &slot, Quantizer &q, const Shape *shape)
{
    const ScriptPattern &pattern = slot.pattern;
    const auto zero = Granular{{}, std::nullopt, {0.0f}};
    std::optional<Granular> divisor, shift;
    ScriptArgument scale, zeroPoint;
    if (pattern.quantize) {
        const auto axis = axisOf(node(*pattern.quantize));
        const QuantizeOperator &op = *findQuantize(node(*pattern.quantize));
        if (op.enabled && granular({*pattern.quantize, *op.enabled}, nullptr, std::nullopt).values[0] == 0)
            throw NotConstant(place({*pattern.quantize, *op.enabled}) + " switches it off");
        scale = {*pattern.quantize, op.scale};
        zeroPoint = {*pattern.quantize, op.zeroPoint};
        requireWholeZeroPoints(zeroPoint, op);
        divisor = simplified(granular(scale, shape, axis), false);
        shift = simplified(granular(zeroPoint, shape, axis), true);
    }
    const ScriptArgument divide = zeroPoint;
    scale = pattern.scale.value_or(scale);
    zeroPoint = pattern.zeroPoint.value_or(zeroPoint);
    q.scale = pattern.scale ? simplified(granular(scale, shape, std::nullopt), false) : *divisor;
    q.zeroPoint = pattern.zeroPoint ? simplified(granular(zeroPoint, shape, std::nullopt), true)
        : pattern.scale             ? zero
                                    : *shift;
    if (shift && shift->values != q.zeroPoint->values)
        throw ParseError(fmt::format("{} and {} have different zero points", place(divide),
            pattern.zeroPoint ? place(zeroPoint) : place(scale)));
    if (divisor && divisor->values != q.scale->values)
        q.divisor = divisor;
    q.origin["scale"] = {Origin::Read, place(scale)};
    q.origin["zero_point"] = pattern.zeroPoint || pattern.quantize
        ? Provenance{Origin::Read, place(zeroPoint)}
        : Provenance{Origin::Computed, "nothing is subtracted from the codes: 0"};
    q.rule = pattern.stored ? CodeRule::Stored : CodeRule::ReciprocalRoundAdd;
    if (!pattern.stored)
        q.origin["rounding"] = {Origin::Computed, "torch rounds half to even"};
}

/// What the codes are clamped to, where anything clamps them.
std::optional<ScriptDecoder::CodeSpan> ScriptDecoder::spanOf(const ScriptPattern &pattern, DType container)
{
    const auto between = [&](NodeId said, std::optional<double> low, std::optional<double> high) {
        if (!low || !high || std::isnan(*low) || std::isnan(*high))
            throw NotConstant(fmt::format("the limits of {} are no numbers", nodeLabel(node(said))));
        constexpr double kMost = 9e15; // whole numbers are exact
        if (container != DType::Unknown && (*low != std::floor(*low) || *high != std::floor(*high)))
            throw NotConstant(fmt::format("the limits of {} are no whole numbers", nodeLabel(node(said))));
        CodeSpan span{static_cast<std::int64_t>(std::clamp(*low, -kMost, kMost)),
            static_cast<std::int64_t>(std::clamp(*high, -kMost, kMost)), {}};
        span.why = fmt::format("{}..{} ({})", span.low, span.high, nodeLabel(node(said)));
        if (span.low > span.high)
            throw ParseError(fmt::format("no code is left of {}", span.why));
        return span;
    };
    if (container == DType::Unknown) {
        const Node &fake = node(*pattern.quantize);
        const std::size_t first = *findQuantize(fake)->limits;
        return between(*pattern.quantize, literalOf(fake, first), literalOf(fake, first + 1));
    }
    if (!pattern.clamp)
        return std::nullopt;
    if (node(*pattern.clamp).input(1) != kNoValue || node(*pattern.clamp).input(2) != kNoValue)
        throw NotConstant(fmt::format("the limits of {} are no numbers", nodeLabel(node(*pattern.clamp))));
    const CodeRange whole = codeRange(static_cast<int>(dtypeBits(container)), isSigned(container), false);
    const auto low = static_cast<double>(whole.min), high = static_cast<double>(whole.max);
    return between(*pattern.clamp, std::max(literalOf(node(*pattern.clamp), 1).value_or(low), low),
        std::min(literalOf(node(*pattern.clamp), 2).value_or(high), high));
}

/// The type that holds the codes; Unknown of fake quantization, which has none.
DType ScriptDecoder::containerOf(const ScriptPattern &pattern) const
{
    if (pattern.stored)
        return m_constants.file().tensors[*m_constants.graph().values[pattern.input].tensor].dtype;
    return findQuantize(node(*pattern.quantize))->fake ? DType::Unknown : codeTypeOf(node(*pattern.quantize));
}

void ScriptDecoder::setRange(const ScriptSlot &slot, const Layer &layer, Quantizer &q, SlotQuantizer &out)
{
    const ScriptPattern &pattern = slot.pattern;
    const DType container = containerOf(pattern);
    const auto span = spanOf(pattern, container);
    q.isSigned = container == DType::Unknown ? span->low < 0 : isSigned(container);
    q.origin["signed"] = container == DType::Unknown
        ? Provenance{Origin::Computed, span->why}
        : Provenance{Origin::Read, fmt::format("the codes are {}", dtypeName(container))};
    if (span) {
        if (setCodeLimits(q, span->low, span->high, *q.isSigned, span->why) || !slot.constant)
            return;
        if (!pattern.stored)
            throw ParseError(fmt::format("the limits {} are none of a bit width", span->why));
        return takeTensor(out, m_constants.computed(node(*pattern.clamp).outputs[0]));
    }
    const int bits = static_cast<int>(dtypeBits(container));
    q.narrow = false;
    const std::string why = fmt::format("no clamp: the full range of {}", dtypeName(container));
    q.origin["narrow"] = {Origin::Computed, why};
    if (slot.constant && (slot.slot == Slot::Bias || bits >= 32)) {
        q.storageBits = bits;
        return sayBiasWidthLost(m_diagnostics, layer, slot.slot, dtypeName(container));
    }
    q.bitWidth = bits;
    q.origin["bit_width"] = {Origin::Computed, why};
}

/// A buffer of torch.ao's may switch fake quantization off.
void ScriptDecoder::requireOn(const ScriptPattern &pattern)
{
    if (!pattern.choice || !m_constants.folder().isConstant(node(*pattern.choice).input(0)))
        return;
    const FoldedValue &condition = m_constants.folder().fold(node(*pattern.choice).input(0));
    if (condition.count() == 1 && (condition.floats()[0] != 0) != pattern.chosen)
        throw NotConstant(fmt::format("{} is switched off in this file", nodeLabel(node(*pattern.quantize))));
}

void ScriptDecoder::fillPattern(const ScriptSlot &slot, const Layer &layer, SlotQuantizer &out)
{
    requireOn(slot.pattern);
    Quantizer q;
    if (slot.constant)
        takeTensor(out, m_constants.tensor(handedOn(m_constants.graph(), slot.pattern.input)));
    setRange(slot, layer, q, out);
    setParameters(slot, q, slot.constant ? &out.shape : nullptr);
    out.quantizer = std::move(q);
}

void ScriptDecoder::setOutputType(const ScriptSlot &slot, Quantizer &q, SlotQuantizer &out) const
{
    const auto zero = static_cast<double>(q.zeroPoint->values.front());
    const auto holds = [&](DType type) {
        const CodeRange range = codeRange(static_cast<int>(dtypeBits(type)), isSigned(type), false);
        return zero >= static_cast<double>(range.min) && zero <= static_cast<double>(range.max);
    };
    DType type = codesAbove(m_constants.graph(), slot.scale.node);
    const bool isKnown = type == DType::QInt8 || type == DType::QUInt8 || type == DType::QInt32;
    Provenance from{Origin::Computed, fmt::format("the type that {} reads", nodeLabel(node(slot.scale.node)))};
    if (!isKnown || !holds(type)) {
        type = zero < 0 ? DType::QInt8 : DType::QUInt8;
        if (!holds(type))
            throw ParseError(fmt::format("a zero point of {} is none of 8 bits", shortest(zero)));
        const bool proven = !holds(type == DType::QInt8 ? DType::QUInt8 : DType::QInt8);
        from = proven ? Provenance{Origin::Computed, fmt::format("a zero point of {}", shortest(zero))}
                      : Provenance{Origin::Assumed, "quint8 is what torch.ao's default observers give"};
        out.assumed = !proven;
    }
    q.bitWidth = static_cast<int>(dtypeBits(type));
    q.isSigned = isSigned(type);
    q.narrow = false;
    for (const char *field : {"bit_width", "signed", "narrow"})
        q.origin[field] = from;
}

void ScriptDecoder::fillOutput(const ScriptSlot &slot, SlotQuantizer &out)
{
    Quantizer q;
    const ScriptArgument zeroPoint{slot.scale.node, slot.scale.position + 1};
    q.scale = granular(slot.scale, nullptr, std::nullopt);
    q.zeroPoint = granular(zeroPoint, nullptr, std::nullopt);
    q.rule = CodeRule::ReciprocalRoundAdd;
    setOutputType(slot, q, out);
    q.origin["rounding"] = {Origin::Computed, "torch rounds half to even"};
    q.origin["scale"] = {Origin::Read, place(slot.scale)};
    q.origin["zero_point"] = {Origin::Read, place(zeroPoint)};
    out.quantizer = std::move(q);
}

void ScriptDecoder::fill(const ScriptSlot &slot, const Layer &layer, SlotQuantizer &out)
{
    switch (slot.form) {
    case ScriptSlot::Form::Pattern: return fillPattern(slot, layer, out);
    case ScriptSlot::Form::Output: return fillOutput(slot, out);
    case ScriptSlot::Form::Unknown: {
        // A float that operators of ours compute is one all the same.
        takeTensor(out, m_constants.tensor(slot.value));
        if (const auto rounder = rounderAbove(m_constants.graph(), slot.value))
            m_diagnostics.push_back({"quantizer-not-understood", Severity::Warning, {layer.id, slot.slot},
                fmt::format("The {} of {} is rounded: {} stands between the tensors of the file and their layer, and "
                            "the operators around it are no quantizer that is known.",
                    slot.slot, printable(layer.name), nodeLabel(node(*rounder)))});
        break;
    }
    case ScriptSlot::Form::Plain: break;
    }
    if (out.tensor != nullptr && out.tensor->affine) {
        out.quantizer.emplace();
        setStoredAffine(*out.tensor, *out.quantizer);
    }
}

/// What another slot would show, with origins of `shown`: numbers are compared, wherever they come from. Nothing where
/// it is not known.
std::optional<Quantizer> ScriptDecoder::quantizerOf(
    const ScriptSlot &other, const Layer &layer, const Quantizer &shown) const
{
    if (other.form == ScriptSlot::Form::Unknown)
        return std::nullopt;
    std::vector<Diagnostic> unsaid;
    ScriptDecoder decoder(m_constants, unsaid);
    SlotQuantizer out = decoder.list(other);
    try {
        decoder.fill(other, layer, out);
    } catch (const ParseError &) { // also NotConstant
        return std::nullopt;
    }
    if (out.quantizer)
        out.quantizer->origin = shown.origin;
    return std::move(out.quantizer);
}

/// A quantizer stands between two values where its last operator makes floats; a float tensor is both.
std::optional<GraphSpan> ScriptDecoder::spanInGraph(const ScriptSlot &slot) const
{
    const bool isTensor = slot.constant && m_constants.graph().values[slot.value].tensor.has_value();
    if (slot.form == ScriptSlot::Form::Plain && isTensor)
        return GraphSpan{slot.value, slot.value};
    if (slot.form == ScriptSlot::Form::Output)
        return GraphSpan{node(slot.scale.node).outputs[0], node(slot.scale.node).outputs[0]};
    if (slot.form != ScriptSlot::Form::Pattern || slot.pattern.nodes.empty())
        return std::nullopt;
    const auto isCode = [&](NodeId id) { return findQuantize(node(id)) != nullptr && !findQuantize(node(id))->fake; };
    const bool makesFloats = slot.pattern.stored || slot.pattern.scale
        || !std::ranges::any_of(slot.pattern.nodes, isCode)
        || std::ranges::any_of(slot.pattern.nodes, [&](NodeId id) { return node(id).opType == "dequantize"; });
    const ValueId made = node(slot.pattern.nodes.back()).outputs[0];
    return makesFloats ? GraphSpan{slot.pattern.input, made} : GraphSpan{made, made};
}

void ScriptDecoder::addCall(const ScriptSlot &called, const Layer &layer, SlotQuantizer &out)
{
    const auto span = out.quantizer ? spanInGraph(called) : std::nullopt;
    const bool isKnown = span && std::ranges::find(out.spans, *span) == out.spans.end();
    if (isKnown && quantizerOf(called, layer, *out.quantizer) == out.quantizer)
        out.spans.push_back(*span);
}

SlotQuantizer ScriptDecoder::decode(const ScriptSlot &slot, const Layer &layer)
{
    SlotQuantizer out = list(slot);
    const bool isFilled = fillSlot(
        out, layer, m_diagnostics, [&] { fill(slot, layer, out); }, [&] { out = list(slot); });
    if (const auto span = spanInGraph(slot))
        out.spans = {*span};
    if (!isFilled)
        return out;
    const auto isOther = [&](const ScriptSlot &other) {
        const auto quantizer = quantizerOf(other, layer, *out.quantizer);
        return quantizer && *quantizer != *out.quantizer;
    };
    if (std::ranges::any_of(slot.others, isOther))
        m_diagnostics.push_back({"quantized-twice", Severity::Warning, {layer.id, slot.slot},
            fmt::format(
                "{} ({}) is used with several quantizers; the first is shown.", printable(layer.name), slot.slot)});
    for (const ScriptSlot &other : slot.others)
        addCall(other, layer, out);
    out.formula = formulaOf(*out.quantizer);
    return out;
}

} // namespace quantscope::script
