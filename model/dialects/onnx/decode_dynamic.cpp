#include "dialects/onnx/decode_dynamic.h"

#include "base/text.h"
#include "dialects/onnx/code_types.h"
#include "dialects/onnx/labels.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

struct DynamicParameters {
    float scale = 0, zeroPoint = 0;
};

/// onnx Operators.md: the range of 0 and all x in 255 steps, and the code of 0 at the nearest whole number. All
/// float32.
DynamicParameters dynamicParametersOf(const std::vector<float> &x, const Node &node)
{
    float low = 0, high = 0;
    for (const float value : x) {
        if (!std::isfinite(value))
            throw ParseError(fmt::format("{} reads values that are not finite", nodeLabel(node)));
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (low == high)
        throw NotConstant(fmt::format("{} reads nothing but zeros, for which it defines no scale", nodeLabel(node)));
    const float scale = (high - low) / 255.0f;
    return {scale, std::nearbyint(std::clamp(0.0f - low / scale, 0.0f, 255.0f))};
}

} // namespace

void decodeDynamic(Constants &constants, const PlannedSlot &slot, const Layer &layer,
    std::vector<Diagnostic> &diagnostics, SlotQuantizer &out)
{
    const Node &node = constants.graph().nodes.at(slot.node);
    Quantizer q;
    setFullRange(q, DType::UInt8);
    q.rule = CodeRule::DivideRoundAdd;
    for (const char *field : {"bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Computed, "DynamicQuantizeLinear rounds half to even, to uint8"};
    if (slot.constant) {
        const DynamicParameters found = dynamicParametersOf(readFloats(*out.tensor, Limits().foldElements), node);
        q.scale = Granular{{}, std::nullopt, {found.scale}};
        q.zeroPoint = Granular{{}, std::nullopt, {found.zeroPoint}};
        q.origin["scale"] = {Origin::Computed, nodeLabel(node) + ": (max(x, 0) - min(x, 0)) / 255"};
        q.origin["zero_point"] = {Origin::Computed, nodeLabel(node) + ": round(-min(x, 0) / scale)"};
    } else {
        out.formula = "scale = (max(x, 0) - min(x, 0)) / 255\nzero_point = clamp(round(-min(x, 0) / scale), 0, 255)\n"
                      "code = clamp(round(x / scale) + zero_point, 0, 255)";
        diagnostics.push_back({"scale-dynamic", Severity::Note, {layer.id, slot.slot},
            fmt::format("The scale of {} ({}) is not known: {} computes it anew from each input.",
                printable(layer.name), slot.slot, nodeLabel(node))});
    }
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
