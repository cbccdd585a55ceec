#include "checks/preset_rules.h"

#include "checks/quantizer_facts.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Zeros alone have a floor value for a scale, which is another matter.
bool hasOnlyZeros(const CheckedSlot &checked)
{
    const SlotStatistics *s = checked.statistics;
    return s != nullptr && s->low == 0 && s->high == 0;
}

std::optional<SlotProblem> notFixedPoint(const CheckedSlot &checked)
{
    const auto off = scaleOffPowersOfTwo(*checked.slot.quantizer);
    if (!off || checked.slot.preset.find("FixedPoint") == std::string::npos || hasOnlyZeros(checked))
        return std::nullopt;
    const bool perChannel = checked.slot.preset == "Int8WeightPerChannelFixedPoint";
    const bool normed = checked.slot.preset.find("NormL2") != std::string::npos;
    const char *why = perChannel ? ": up to Brevitas 0.11 this preset has plain float scales"
        : normed                 ? ": this preset has float scales in every version"
                                 : "";
    return SlotProblem{
        fmt::format("{} is no fixed point here: its scale is {}, no power of two{}", checked.slot.preset, *off, why),
        "add restrict_scaling_type=POWER_OF_TWO and restrict_value_float_to_int_impl=CeilSte"
            + std::string(perChannel ? ", or take Brevitas 0.12 or later" : "")};
}

constexpr std::array kPresetRules = {
    Rule{.id = "preset-name",
        .severity = Severity::Warning,
        .source = "Brevitas 0.9 to 0.12, presets of brevitas.quant",
        .ofSlot = notFixedPoint},
};

} // namespace

std::span<const Rule> presetRules() { return kPresetRules; }

} // namespace quantscope
