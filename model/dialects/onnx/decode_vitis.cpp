#include "dialects/onnx/decode_vitis.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "dialects/onnx/labels.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

int numberOf(const Node &node, const char *name, int low, int high)
{
    const Attribute *attribute = node.attribute(name);
    if (attribute == nullptr)
        throw ParseError(fmt::format("{} has no attribute {}", nodeLabel(node), name));
    const auto number = attribute->kind == Attribute::Kind::Int ? std::optional(attribute->i)
                                                                : parseNumber<std::int64_t>(attribute->s);
    if (!number || *number < low || *number > high)
        throw ParseError(fmt::format("the attribute {} of {} is no whole number from {} to {}{}", name, nodeLabel(node),
            low, high, attribute->s.empty() ? "" : ": '" + printable(attribute->s) + "'"));
    return static_cast<int>(*number);
}

float numberOr(Constants &constants, const Node &node, std::size_t input, float missing)
{
    if (node.input(input) == kNoValue)
        return missing;
    const std::vector<float> values = constants.folder().fold(node.input(input)).floats();
    if (values.size() != 1)
        throw ParseError(inputLabel(node, input) + " is not one number");
    return values[0];
}

/// An older form: QuantizeLinear and DequantizeLinear in one.
void scaleFromInputs(Constants &constants, const Node &node, Quantizer &q)
{
    if (node.input(1) == kNoValue)
        throw ParseError(nodeLabel(node) + " has neither an attribute pos nor a scale");
    q.rule = CodeRule::DivideRoundAdd;
    q.scale = Granular{{}, std::nullopt, {numberOr(constants, node, 1, 1)}};
    q.zeroPoint = Granular{{}, std::nullopt, {numberOr(constants, node, 2, 0)}};
    q.origin["scale"] = {Origin::Read, inputLabel(node, 1)};
    if (node.input(2) != kNoValue)
        q.origin["zero_point"] = {Origin::Read, inputLabel(node, 2)};
}

/// Both may be there: the operator computes with the inputs, the compiler takes the attribute.
void checkInputs(Constants &constants, const Node &node, const Quantizer &q)
{
    const float scale = numberOr(constants, node, 1, q.scale->values[0]), zero = numberOr(constants, node, 2, 0);
    if (scale != q.scale->values[0] || zero != 0)
        throw ParseError(fmt::format("{} has the scale {} and the zero point {} by its inputs, and the scale {} by its "
                                     "attribute pos",
            nodeLabel(node), shortest(scale), shortest(zero), shortest(q.scale->values[0])));
}

} // namespace

void decodeFixNeuron(Constants &constants, const Node &node, SlotQuantizer &out)
{
    Quantizer q;
    q.bitWidth = numberOf(node, "bit_width", 1, 62);
    q.isSigned = true;
    q.narrow = false;
    q.origin["bit_width"] = {Origin::Read, nodeLabel(node) + ", attribute bit_width"};
    for (const char *field : {"zero_point", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Computed, "FixNeuron rounds half to even to signed codes without zero point"};
    if (node.attribute("pos") == nullptr) {
        scaleFromInputs(constants, node, q);
    } else {
        const int position = numberOf(node, "pos", -120, 120);
        q.rule = CodeRule::DivideAddRound; // dividing by a power of two is exact
        q.scale = Granular{{}, std::nullopt, {std::ldexp(1.0f, -position)}};
        q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
        q.origin["scale"] = {Origin::Read, fmt::format("{}, attribute pos {}", nodeLabel(node), position)};
        checkInputs(constants, node, q);
    }
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
