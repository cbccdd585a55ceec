#include "dialects/onnx/decode_fake.h"

#include "base/text.h"
#include "dialects/onnx/code_limits.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "graph/onnx_types.h"
#include "quant/kernels.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

using Kind = FakeStep::Kind;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargestCode = 9.0e15f; ///< codes are int64

bool isShift(Kind kind) { return kind == Kind::Add || kind == Kind::Subtract; }

Rounding roundingOf(Kind kind)
{
    switch (kind) {
    case Kind::Floor: return Rounding::Floor;
    case Kind::Ceil: return Rounding::Ceil;
    case Kind::Truncate: return Rounding::RoundToZero;
    default: return Rounding::Round;
    }
}

Granular negated(Granular granular)
{
    for (float &value : granular.values)
        value = 0.0f - value; // no negative zero
    return granular;
}

/// What 1.0f / divisor gives exactly that factor: not every float is a reciprocal.
std::optional<float> reciprocalOf(float factor, std::optional<float> hint)
{
    const float guess = 1.0f / factor;
    for (const float divisor :
        {hint.value_or(guess), guess, std::nextafter(guess, 0.0f), std::nextafter(guess, kInfinity)})
        if (1.0f / divisor == factor)
            return divisor;
    return std::nullopt;
}

float applied(Kind kind, float x, float operand)
{
    switch (kind) {
    case Kind::Divide: return x / operand;
    case Kind::Multiply: return x * operand;
    case Kind::Add: return x + operand;
    case Kind::Subtract: return x - operand;
    default: return x;
    }
}

} // namespace

bool FakeDecoder::Limits::known() const { return std::fabs(low) < kLargestCode && std::fabs(high) < kLargestCode; }

Granular FakeDecoder::operandOf(const FakeStep &step, const Shape *shape)
{
    Granular value = broadcastGranular(m_constants, step.operand, shape, "the constant of " + nodeLabel(node(step)));
    return step.kind == Kind::Subtract ? negated(std::move(value)) : value;
}

/// Scale and zero point: what happens behind the codes.
void FakeDecoder::parameters(Quantizer &q, const Shape *shape)
{
    const std::string nodes = nodesText(m_constants.graph(), nodesOf(m_found));
    q.scale = Granular{{}, std::nullopt, {1.0f}};
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.origin["scale"] = {Origin::Read, nodes + ": nothing multiplies the codes"};
    q.origin["zero_point"] = {Origin::Read, nodes + ": nothing is added to the codes"};
    bool shifted = false;
    std::size_t scaled = m_found.steps.size();
    for (std::size_t i = m_found.codes ? *m_found.codes + 1 : 0; i < m_found.steps.size(); ++i) {
        const FakeStep &step = m_found.steps[i];
        if (isShift(step.kind)) {
            if (shifted)
                throw ParseError("its codes are shifted twice");
            shifted = true;
            q.zeroPoint = simplified(negated(operandOf(step, shape)), true);
            q.origin["zero_point"] = {Origin::Read, nodes};
        } else if (step.kind == Kind::Through && i > scaled) {
            q.origin["scale"].detail
                += ": the network adds what quantizing changes, so that its values may differ from "
                   "these in the last bit";
        } else if (FakeStep::isScaling(step.kind)) {
            scaled = i;
            q.scale = operandOf(step, shape);
            q.origin["scale"] = {Origin::Read, scaleDetail(m_constants, step.operand, nodes)};
            if (step.kind == Kind::Divide) {
                for (float &value : q.scale->values)
                    value = 1.0f / value;
                q.origin["scale"].detail
                    += fmt::format(": 1 / the constant of {}, where the network divides, so that its "
                                   "values may differ from these in the last bit",
                        nodeLabel(node(step)));
            }
        }
    }
}

void FakeDecoder::narrow(const FakeStep &step, Limits &limits)
{
    const auto valuesOf = [&](ValueId id) { return m_constants.folder().fold(id).floats(); };
    const auto bound = [&](ValueId id, std::optional<float> number, float missing) {
        const std::vector<float> values = id != kNoValue ? valuesOf(id) : std::vector<float>{number.value_or(missing)};
        if (values.empty())
            throw ParseError(nodeLabel(node(step)) + " has an empty bound");
        limits.exact = limits.exact && std::ranges::all_of(values, [&](float v) { return v == values[0]; });
        return missing < 0 ? *std::ranges::min_element(values) : *std::ranges::max_element(values);
    };
    if (step.compared != kNoValue && valuesOf(step.compared) != valuesOf(step.low != kNoValue ? step.low : step.high))
        throw ParseError(nodeLabel(node(step)) + " chooses another limit than what it was compared with");
    if (step.kind == Kind::Clip) {
        const float low = bound(step.low, step.lowNumber, -kInfinity),
                    high = bound(step.high, step.highNumber, kInfinity);
        limits.low = std::min(std::max(limits.low, low), high);
        limits.high = std::min(std::max(limits.high, low), high);
    } else if (step.operand != kNoValue) {
        const std::vector<float> values = valuesOf(step.operand);
        Limits next{kInfinity, -kInfinity, limits.exact};
        for (const float &value : values) {
            if (FakeStep::isScaling(step.kind) && !(value > 0))
                throw ParseError(
                    fmt::format("{} has the constant {}, which is no scale", nodeLabel(node(step)), shortest(value)));
            const float low = applied(step.kind, limits.low, value), high = applied(step.kind, limits.high, value);
            next.exact = next.exact && (&value == values.data() || (low == next.low && high == next.high));
            next.low = std::min(next.low, low);
            next.high = std::max(next.high, high);
        }
        limits = next;
    } else if (step.kind != Kind::Keep && step.kind != Kind::Through) {
        limits.low = roundWith(limits.low, roundingOf(step.kind));
        limits.high = roundWith(limits.high, roundingOf(step.kind));
    }
}

/// Every operator keeps the order of what it reads, so that limits pass through as data does.
FakeDecoder::Limits FakeDecoder::limits()
{
    Limits out{-kInfinity, kInfinity};
    for (std::size_t i = 0; m_found.codes && i <= *m_found.codes; ++i)
        narrow(m_found.steps[i], out);
    return out;
}

ValueId FakeDecoder::codesValue() const
{
    return m_found.codes ? m_constants.graph().nodes[m_found.steps[*m_found.codes].node].outputs.at(0) : m_found.input;
}

FakeDecoder::Limits FakeDecoder::observed(const Limits &limits)
{
    const std::vector<std::int64_t> codes = m_constants.folder().fold(codesValue()).integers();
    if (codes.empty())
        throw ParseError("it has no codes");
    const auto [low, high] = std::ranges::minmax(codes);
    Limits out{static_cast<float>(low), static_cast<float>(high), limits.exact};
    if (limits.low >= 0)
        out.low = 0;
    return out;
}

/// Casts to integers wrap or saturate, each runtime in its own way.
void FakeDecoder::requireFits(const Limits &limits)
{
    for (const FakeStep &step : m_found.steps) {
        if (node(step).opType != "Cast")
            continue;
        const DType to = dtypeFromOnnx(static_cast<std::uint64_t>(node(step).integer("to", 0)));
        if (!isInteger(to))
            continue;
        const CodeRange range = codeRange(static_cast<int>(dtypeBits(to)), isSigned(to), false);
        if (limits.low < static_cast<float>(range.min) || limits.high > static_cast<float>(range.max))
            throw ParseError(fmt::format("its codes {}..{} do not fit the type of {}", shortest(limits.low),
                shortest(limits.high), nodeLabel(node(step))));
    }
}

bool FakeDecoder::setLimits(Quantizer &q, const Limits &limits)
{
    const bool known = limits.known();
    const Limits range = known ? limits : observed(limits);
    if (range.low != std::nearbyint(range.low) || range.high != std::nearbyint(range.high))
        throw ParseError(fmt::format(
            "its codes are clipped to {}..{}, which are no whole numbers", shortest(range.low), shortest(range.high)));
    requireFits(range);
    const auto low = static_cast<std::int64_t>(range.low), high = static_cast<std::int64_t>(range.high);
    const std::string nodes = nodesText(m_constants.graph(), nodesOf(m_found));
    const std::string why = known
        ? fmt::format("codes {}..{} of {}", low, high, nodes)
        : fmt::format("nothing bounds the codes of {}: the smallest width that holds {}..{}", nodes, low, high);
    const bool exact = setCodeLimits(q, low, high, low < 0, why);
    q.origin["signed"] = {Origin::Computed, why};
    return (exact || !known) && range.exact;
}

bool FakeDecoder::isFloat32()
{
    return std::ranges::all_of(m_found.steps, [&](const FakeStep &step) {
        return step.operand == kNoValue || m_constants.folder().fold(step.operand).dtype == DType::Float32;
    });
}

std::optional<CodeRule> FakeDecoder::reciprocalRule(Quantizer &q, Granular factor)
{
    const bool alike = q.scale->values.size() == factor.values.size();
    for (std::size_t i = 0; i < factor.values.size(); ++i) {
        const auto divisor = reciprocalOf(factor.values[i], alike ? std::optional(q.scale->values[i]) : std::nullopt);
        if (!divisor)
            return std::nullopt;
        factor.values[i] = *divisor;
    }
    if (factor.values != q.scale->values)
        q.divisor = std::move(factor);
    return CodeRule::ReciprocalRoundAdd;
}

std::optional<CodeRule> FakeDecoder::ruleOf(Quantizer &q, const Shape *shape)
{
    std::optional<Granular> divisor, factor, before, behind;
    for (std::size_t i = 0; i <= *m_found.codes; ++i) {
        const FakeStep &step = m_found.steps[i];
        if (FakeStep::isScaling(step.kind)) {
            (step.kind == Kind::Divide ? divisor : factor) = operandOf(step, shape);
        } else if (isShift(step.kind)) {
            std::optional<Granular> &shift = i < *m_found.rounding ? before : behind;
            if (shift)
                return std::nullopt;
            shift = simplified(operandOf(step, shape), true);
        }
    }
    const auto isWhole = [](float v) { return v == std::nearbyint(v); };
    if (behind && !std::ranges::all_of(behind->values, isWhole))
        return std::nullopt; // what is no integer is no code
    const bool zeroPointBehind = behind ? behind->values == q.zeroPoint->values
                                        : std::ranges::all_of(q.zeroPoint->values, [](float v) { return v == 0; });
    if ((before && behind) || !isFloat32())
        return std::nullopt;
    if (factor)
        return !before && zeroPointBehind ? reciprocalRule(q, std::move(*factor)) : std::nullopt;
    if (!divisor || (behind && !zeroPointBehind))
        return std::nullopt;
    if (divisor->values != q.scale->values)
        q.divisor = std::move(divisor);
    if (behind)
        return CodeRule::DivideRoundAdd;
    const Granular shift = before.value_or(Granular{{}, std::nullopt, {0.0f}});
    if (shift.values != q.zeroPoint->values)
        q.shift = shift;
    return CodeRule::DivideAddRound;
}

void FakeDecoder::codeParameters(Quantizer &q, const Shape *shape)
{
    parameters(q, shape);
    if (!m_found.rounding)
        return; // the file holds the codes
    const FakeStep &step = m_found.steps[*m_found.rounding];
    q.rounding = roundingOf(step.kind);
    q.origin["rounding"] = {Origin::Read, nodeLabel(node(step))};
}

void FakeDecoder::constant(SlotQuantizer &out)
{
    const auto input = m_constants.tensor(m_found.input);
    takeTensor(out, input);
    if (!input->problem.empty())
        return;
    Quantizer q;
    codeParameters(q, &out.shape);
    if (!m_found.codes) { // integers of the file, as they are
        const auto bits = static_cast<int>(dtypeBits(input->dtype));
        const CodeRange range = codeRange(bits, isSigned(input->dtype), false);
        const std::string why = "the codes are " + std::string(dtypeName(input->dtype));
        setCodeLimits(q, range.min, range.max, isSigned(input->dtype), why);
        q.origin["signed"] = {Origin::Read, why};
        q.rule = CodeRule::Stored;
        out.quantizer = std::move(q);
        return;
    }
    const bool exact = setLimits(q, limits());
    auto rule = exact && m_found.rounding ? ruleOf(q, &out.shape) : std::nullopt;
    if (!rule) {
        q.divisor.reset();
        q.shift.reset();
        const std::vector<std::int64_t> codes = m_constants.folder().fold(codesValue()).integers();
        out.tensor = memoryTensor(input->name, DType::Int64, m_constants.folder().fold(codesValue()).shape,
            std::span<const std::int64_t>(codes));
        out.shape = out.tensor->shape;
    }
    q.rule = rule.value_or(CodeRule::Stored);
    out.quantizer = std::move(q);
}

void FakeDecoder::activation(SlotQuantizer &out)
{
    Quantizer q;
    codeParameters(q, nullptr);
    const Limits range = limits();
    if (!range.known())
        throw NotConstant("nothing bounds the codes of " + nodesText(m_constants.graph(), nodesOf(m_found)));
    const bool exact = setLimits(q, range);
    const auto rule = ruleOf(q, nullptr);
    if (!rule)
        throw ParseError(nodesText(m_constants.graph(), nodesOf(m_found)) + " follow no rule that is known");
    q.rule = *rule;
    if (!exact)
        out.formula = codeLine(q, {static_cast<std::int64_t>(range.low), static_cast<std::int64_t>(range.high)});
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
