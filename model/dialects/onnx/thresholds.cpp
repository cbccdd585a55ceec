#include "dialects/onnx/thresholds.h"

#include "base/text.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/operators.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

float numberAttribute(const Node &node, const char *name, float missing)
{
    const Attribute *found = node.attribute(name);
    if (found == nullptr)
        return missing;
    if (found->kind == Attribute::Kind::Int)
        return static_cast<float>(found->i);
    if (found->kind != Attribute::Kind::Float)
        throw ParseError(fmt::format("the attribute {} of {} is no number", name, nodeLabel(node)));
    return found->f;
}

/// The bias as a whole number of steps; a product in float32 may have lost its last bits.
std::optional<std::int64_t> wholeSteps(const ThresholdFacts &facts)
{
    constexpr double kMost = 1e9, kLostBits = 1e-6;
    const double steps = static_cast<double>(facts.bias) / static_cast<double>(facts.scale);
    const double whole = std::nearbyint(steps);
    if (!std::isfinite(steps) || std::fabs(whole) > kMost
        || std::fabs(steps - whole) > kLostBits * std::max(1.0, std::fabs(whole)))
        return std::nullopt;
    return static_cast<std::int64_t>(whole);
}

bool isNarrow(const FinnType &type, std::int64_t first, std::optional<std::int64_t> steps)
{
    if (type.kind == FinnType::Kind::Ternary)
        return true;
    const CodeRange range = type.range();
    const bool lacksOne = steps && range.size() > 2 && static_cast<std::uint64_t>(*steps) + 2 == range.size();
    return lacksOne && first == range.min + (type.isSigned ? 1 : 0);
}

} // namespace

ThresholdFacts thresholdFactsOf(Constants &constants, const Node &node)
{
    const bool stated = node.opType == "MultiThreshold";
    const char *attribute = stated ? "out_dtype" : "outputDataType";
    const Attribute *type = node.attribute(attribute);
    if (type == nullptr || type->kind != Attribute::Kind::String)
        throw ParseError(fmt::format("{} has no attribute {}", nodeLabel(node), attribute));
    ThresholdFacts facts;
    facts.type = type->s;
    facts.typeSaid = fmt::format("{}, attribute {}", nodeLabel(node), attribute);
    facts.biasSaid = fmt::format("{}, attribute {}", nodeLabel(node), stated ? "out_bias" : "ActVal");
    if (stated) {
        facts.scale = numberAttribute(node, "out_scale", 1);
        facts.scaleSaid = nodeLabel(node) + ", attribute out_scale";
        facts.bias = numberAttribute(node, "out_bias", 0);
    } else if (facts.type == "BIPOLAR") {
        facts.scale = 2;
        facts.bias = -1;
    } else {
        facts.bias = numberAttribute(node, "ActVal", 0);
    }
    const HardwareOperator *hardware = findHardware(node);
    if (const auto view = constants.view(node.input(hardware != nullptr ? hardware->thresholds.value_or(1) : 1))) {
        facts.tensor = view->name;
        if (view->problem.empty() && view->shape.size() == 2) {
            facts.channels = view->shape[0];
            facts.steps = view->shape[1];
        }
    }
    return facts;
}

ThresholdCodes thresholdCodesOf(const ThresholdFacts &facts, const FinnType &type)
{
    using Kind = FinnType::Kind;
    const bool integers = type.kind != Kind::Float && type.kind != Kind::Minifloat;
    ThresholdCodes out;
    Quantizer &q = out.quantizer;
    q.scale = perTensor(facts.scale);
    q.narrow = false;
    if (type.kind == Kind::Bipolar && facts.bias == -facts.scale / 2) {
        q.kind = QuantizerKind::Binary;
        q.rule = CodeRule::Threshold;
        q.scale = perTensor(facts.scale / 2);
        q.zeroPoint = perTensor(0);
        q.bitWidth = 1;
        q.isSigned = true;
        return out;
    }
    const auto first = wholeSteps(facts);
    const CodeRange range = type.kind == Kind::Bipolar ? CodeRange{0, 1} : type.range();
    const bool ofType = integers && first && *first >= range.min && *first <= range.max - facts.steps.value_or(0);
    q.isSigned = ofType && type.isSigned && type.kind != Kind::Bipolar; // a count has no sign
    if (integers)
        q.bitWidth = type.bits;
    if (ofType) {
        out.offset = *first;
        q.zeroPoint = perTensor(0);
        q.narrow = isNarrow(type, *first, facts.steps);
    } else if (first) {
        q.zeroPoint = perTensor(static_cast<float>(-*first));
    }
    return out;
}

std::string thresholdFormula(const ThresholdFacts &facts, const ThresholdCodes &codes)
{
    const std::string name = facts.tensor.empty() ? "computed" : "'" + printable(facts.tensor) + "'";
    const std::string stored = !facts.steps ? name
        : *facts.channels == 1              ? fmt::format("{} for all channels, {}", *facts.steps, name)
                               : fmt::format("{} a channel, {} of {} channels", *facts.steps, name, *facts.channels);
    if (codes.quantizer.kind == QuantizerKind::Binary)
        return fmt::format("code = x >= t ? 1 : -1\nthresholds t: {}", stored);
    std::string count = "number of thresholds t <= x";
    if (codes.offset != 0)
        count = fmt::format("({}) {} {}", count, codes.offset < 0 ? '-' : '+', std::abs(codes.offset));
    return fmt::format("code = {}\nthresholds t: {}", count, stored);
}

} // namespace quantscope::interpret
