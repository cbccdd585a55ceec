#include "dialects/onnx/decode.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

std::string number(float value) { return shortest(value); }

std::string oneOrMany(const Granular &granular, const char *name)
{
    return granular.perTensor() ? number(granular.values[0]) : std::string(name) + "[channel]";
}

std::string roundWord(Rounding rounding)
{
    if (rounding == Rounding::Round)
        return "round";
    std::string word(roundingName(rounding));
    std::transform(
        word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

} // namespace

std::string nodeLabel(const Node &node)
{
    return node.name.empty() ? "an unnamed " + printable(node.opType) + " node"
                             : printable(node.opType) + " node " + printable(node.name);
}

std::string inputLabel(const Node &node, std::size_t input)
{
    return fmt::format("{}, input {}", nodeLabel(node), input);
}

Granular simplified(Granular granular, bool zeroIsOne)
{
    const auto &values = granular.values;
    const bool zero = zeroIsOne && std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
    if (granular.values.size() == 1 || (zero && !values.empty()))
        return {{}, std::nullopt, {zero ? 0.0f : values[0]}};
    return granular;
}

std::string formulaOf(const Quantizer &q)
{
    if (!q.isComplete())
        return {};
    const std::string scale = oneOrMany(*q.scale, "scale"), zero = oneOrMany(*q.zeroPoint, "zero_point");
    const bool hasZero = !q.zeroPoint->perTensor() || q.zeroPoint->values[0] != 0;
    const std::string value
        = hasZero ? fmt::format("value = (code - {}) * {}", zero, scale) : fmt::format("value = code * {}", scale);
    const CodeRange range = codeRange(q);
    const std::string limits = fmt::format("{}, {}", range.min, range.max);
    const std::string divisor = q.divisor ? oneOrMany(*q.divisor, "scale") : scale;
    switch (q.rule) {
    case CodeRule::Stored: return value + fmt::format("\ncode = clamp(stored integer, {})", limits);
    case CodeRule::Threshold: return value + "\ncode = x >= 0 ? 1 : -1";
    case CodeRule::BitPattern: return "value = minifloat * " + scale + "\ncode = the stored bits";
    case CodeRule::DivideAddRound:
        return value + fmt::format("\ncode = clamp({}(x / {} + {}), {})", roundWord(q.rounding), divisor, zero, limits);
    case CodeRule::DivideRoundAdd:
        return value + fmt::format("\ncode = clamp({}(x / {}) + {}, {})", roundWord(q.rounding), divisor, zero, limits);
    default: break; // no rule of an ONNX file
    }
    return value;
}

void Decoder::report(const char *rule, Severity severity, Subject subject, std::string text)
{
    m_diagnostics.push_back({rule, severity, std::move(subject), std::move(text)});
}

SlotQuantizer Decoder::list(const PlannedSlot &slot)
{
    SlotQuantizer out;
    out.slot = slot.slot;
    out.channelAxis = slot.channelAxis;
    if (!slot.constant)
        return out;
    auto view = slot.form == Form::Dequantize ? m_constants.codesView(slot.value) : m_constants.view(slot.value);
    if (view == nullptr && slot.form == Form::Dequantize) {
        const CodePath path = codePath(m_constants.graph().nodes.at(slot.node));
        if (path.quantize != nullptr)
            view = m_constants.view(path.quantize->input(0));
    }
    if (view == nullptr)
        return out;
    out.tensor = view;
    out.tensorName = view->name;
    out.shape = view->shape;
    return out;
}

void Decoder::checkScale(const Layer &layer, const SlotQuantizer &slot)
{
    const auto &values = slot.quantizer->scale->values;
    const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !(v > 0) || std::isinf(v); });
    if (bad == values.end())
        return;
    report("scale-not-positive", Severity::Warning, {layer.id, slot.slot},
        fmt::format("The scale of {} ({}) is {}: a scale must be positive and finite, so its values mean nothing.",
            layer.name, slot.slot, number(*bad)));
}

void Decoder::fill(const PlannedSlot &slot, SlotQuantizer &out)
{
    const Node &node = m_constants.graph().nodes.at(slot.node);
    if (slot.constant && slot.form != Form::Dequantize) {
        out.tensor = m_constants.tensor(slot.value);
        out.tensorName = out.tensor->name;
        out.shape = out.tensor->shape;
    }
    switch (slot.form) {
    case Form::Plain:
    case Form::Foreign: return;
    case Form::Quant: return quant(node, out);
    case Form::Bipolar: return bipolar(node, out);
    case Form::Trunc: return trunc(node, out);
    case Form::Scalars: return scalars(slot, node, out);
    case Form::Dequantize: return dequantize(node, out);
    case Form::Quantize: return quantizeActivation(node, out);
    }
}

SlotQuantizer Decoder::decode(const PlannedSlot &slot, const Layer &layer)
{
    m_layer = &layer;
    SlotQuantizer out = list(slot);
    const auto failed = [&](const char *rule, Severity severity, const std::string &why) {
        out.quantizer.reset();
        report(rule, severity, {layer.id, slot.slot},
            fmt::format("The quantizer of {} ({}) is not known: {}.", printable(layer.name), slot.slot, why));
    };
    try {
        fill(slot, out);
    } catch (const NotConstant &error) {
        failed("quantizer-not-constant", Severity::Warning, error.what());
    } catch (const ParseError &error) {
        failed("quantizer-unreadable", Severity::Error, error.what());
    }
    // The reader has said what is wrong with the tensor; codes of it do not exist.
    if (out.tensor != nullptr && !out.tensor->problem.empty())
        out.quantizer.reset();
    if (!out.quantizer)
        return out;
    checkScale(layer, out);
    out.assumed = std::any_of(out.quantizer->origin.begin(), out.quantizer->origin.end(),
        [](const auto &entry) { return entry.second.origin == Origin::Assumed; });
    out.formula = formulaOf(*out.quantizer);
    return out;
}

} // namespace quantscope::interpret
