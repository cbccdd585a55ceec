#include "checks/bias_rules.h"

#include "base/text.h"
#include "checks/bias_scale.h"
#include "checks/lost_inputs.h"
#include "checks/quantizer_facts.h"
#include "quant/grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// On the grid of the sums, whose steps are small, 8 bits reach little.
void narrowBias(const CheckFacts &facts, Findings &out)
{
    for (const CheckedSlot &checked : facts.slots) {
        const Quantizer &quantizer = *checked.slot.quantizer;
        if (checked.slot.slot != Slot::Bias || quantizer.bitWidth.value_or(99) > 8
            || biasScaleOf(facts, checked.layer) != BiasScale::External)
            continue;
        const auto reach = reachOf(quantizer);
        out.add({checked.layer.id, Slot::Bias},
            fmt::format("{} bias: {} bits at the scale of weight times input ({}) reach only {}", checked.layer.name,
                *quantizer.bitWidth, gridScaleText(quantizer),
                reach ? "±" + shortest(static_cast<float>(*reach)) : "?"),
            "write bias_quant=Int16Bias, Int24Bias or Int32Bias, or a bias with a scale of its own");
    }
}

constexpr double kInt32End = 2147483647.0;

/// Of the floats, however few bits the bias has: a wider one would be clipped as well. One scale for all.
std::optional<double> stepsNeeded(const CheckedSlot &checked)
{
    const SlotStatistics &s = *checked.statistics;
    const auto &scale = checked.slot.quantizer->scale;
    if (!s.hasFloats || !scale || scale->values.size() != 1 || !(scale->values.front() > 0))
        return std::nullopt;
    return std::max(std::fabs(static_cast<double>(s.low)), std::fabs(static_cast<double>(s.high)))
        / static_cast<double>(scale->values.front());
}

std::optional<SlotProblem> clippedAtInt32(const CheckedSlot &checked)
{
    const SlotStatistics *s = checked.statistics;
    if (s == nullptr || s->count == 0 || s->nonFinite > 0)
        return std::nullopt;
    const bool codes = static_cast<double>(s->codesMax) >= kInt32End || static_cast<double>(s->codesMin) <= -kInt32End;
    const double steps = stepsNeeded(checked).value_or(0);
    if (!codes && !(steps >= kInt32End))
        return std::nullopt;
    const std::string scale = gridScaleText(*checked.slot.quantizer);
    return SlotProblem{codes
            ? fmt::format("its codes reach from {} to {}, the ends of int32: runtimes clip them without a "
                          "word, and Brevitas' own conversion wraps 2^31 to -2^31",
                s->codesMin, s->codesMax)
            : fmt::format("at its scale {} the largest value is {:.3g} steps, which int32 does not hold", scale, steps),
        fmt::format(
            "a scale this small ({}) is weight times input: give the input or the weight a larger one, or keep the "
            "bias in float",
            scale)};
}

bool isPowerOfTwoPreset(const SlotQuantizer &slot) { return slot.preset.find("FixedPoint") != std::string::npos; }

void zeroBias(const CheckFacts &facts, Findings &out)
{
    const auto minor = minorOf(facts.network.recipe.brevitas).value_or(10); // assumed where nobody says
    for (const CheckedSlot &checked : facts.slots) {
        const SlotStatistics *s = checked.statistics;
        if (checked.slot.slot != Slot::Bias || !isPowerOfTwoPreset(checked.slot) || s == nullptr || s->count == 0
            || s->low != 0 || s->high != 0 || minor >= 12)
            continue;
        out.add({checked.layer.id, Slot::Bias},
            fmt::format("{} bias: all {} values are zero under power-of-two scaling of their own: {}",
                checked.layer.name, grouped(s->count),
                minor <= 7 ? "Brevitas 0.6 and 0.7 give NaN outputs"
                           : "Brevitas 0.8 to 0.11 give NaN gradients, and the next step of the optimizer destroys it"),
            "initialise the bias with small numbers that are not zero, or take Brevitas 0.12 or later");
    }
}

constexpr std::array kBiasRules = {
    Rule{.id = "bias-8bit",
        .severity = Severity::Warning,
        .source = "Brevitas 0.6 to 0.12, Int8Bias",
        .ofNetwork = narrowBias},
    Rule{.id = "bias-int32-clip",
        .severity = Severity::Error,
        .source = "ONNX Runtime 1.17, issue 22020; Brevitas 0.6 to 0.12, Int32Bias",
        .role = SlotRole::Bias,
        .ofSlot = clippedAtInt32},
    Rule{.id = "all-zero",
        .severity = Severity::Warning,
        .source = "Brevitas 0.6 to 0.11, power-of-two scaling",
        .ofNetwork = zeroBias},
};

} // namespace

std::span<const Rule> biasRules() { return kBiasRules; }

} // namespace quantscope
