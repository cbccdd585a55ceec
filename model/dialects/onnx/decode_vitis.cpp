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

} // namespace

void decodeFixNeuron(const Node &node, SlotQuantizer &out)
{
    Quantizer q;
    const int position = numberOf(node, "pos", -120, 120);
    q.bitWidth = numberOf(node, "bit_width", 1, 62);
    q.isSigned = true;
    q.narrow = false;
    q.rule = CodeRule::DivideAddRound; // dividing by a power of two is exact
    q.scale = Granular{{}, std::nullopt, {std::ldexp(1.0f, -position)}};
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.origin["scale"] = {Origin::Read, fmt::format("{}, attribute pos {}", nodeLabel(node), position)};
    q.origin["bit_width"] = {Origin::Read, nodeLabel(node) + ", attribute bit_width"};
    for (const char *field : {"zero_point", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Computed, "FixNeuron rounds half to even to signed codes without zero point"};
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
