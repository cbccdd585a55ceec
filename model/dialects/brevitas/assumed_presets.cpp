#include "dialects/brevitas/assumed_presets.h"

#include "base/text.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/recurrent_rules.h"
#include "dialects/brevitas/weight_grid.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool isAny(const std::string &word, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(), [&](const char *w) { return word == w; });
}

std::vector<std::string> weightPresets(bool logDomain)
{
    std::vector<std::string> names
        = {"Int8WeightPerTensorFloat", "Int8WeightPerTensorFixedPoint", "Int8WeightPerChannelFloat"};
    if (logDomain) // the activations have power-of-two scales, so the weights probably do
        std::swap(names[0], names[1]);
    return names;
}

/// A negative stored threshold is the logarithm of one: only power-of-two scales store that.
std::vector<std::string> storedWeightPresets(const StateQuantizer &keys, bool perChannel, bool logDomain)
{
    if (keys.fields.contains("pre_scaling_impl.accumulator_bit_width.bit_width"))
        return {"Int8AccumulatorAwareWeightQuant", "Int8AccumulatorAwareZeroCenterWeightQuant"};
    if (keys.fields.contains("pre_scaling_impl.value"))
        return {"Int8WeightNormL2PerChannelFixedPoint"};
    if (keys.fields.contains("zero_point_impl.value"))
        return {perChannel ? "ShiftedUint8WeightPerChannelFloatMSE" : "ShiftedUint8WeightPerTensorFloatMSE"};
    if (perChannel && logDomain)
        return {"Int8WeightPerChannelFixedPointMSE"};
    if (perChannel)
        return {
            "Int8WeightPerChannelFloatMSE", "Int8WeightPerChannelFloatDecoupled", "Int8WeightPerChannelFixedPointMSE"};
    std::vector<std::string> names
        = {"Int8WeightPerTensorFloatMSE", "Int4WeightPerTensorFloatDecoupled", "Int8WeightPerTensorFixedPointMSE"};
    if (logDomain)
        names = {"Int8WeightPerTensorFixedPointMSE", "Int4WeightPerTensorFixedPointDecoupled"};
    return names;
}

std::vector<std::string> activationPresets(const StateQuantizer *keys, bool isSigned, bool logDomain)
{
    const std::string sign = isSigned ? "Int8" : "Uint8";
    if (keys != nullptr
        && (keys->fields.contains("zero_point_impl.value") || keys->fields.contains("zero_point_impl.buffer")))
        return {logDomain ? "ShiftedUint8ActPerTensorFixedPoint" : "ShiftedUint8ActPerTensorFloat",
            logDomain ? "ShiftedUint8ActPerTensorFloat" : "ShiftedUint8ActPerTensorFixedPoint"};
    if (keys != nullptr && keys->fields.contains("scaling_impl.runtime_stats.running_stats"))
        return {sign + "ActPerTensorFloatBatchQuant2d"};
    const std::string flt = sign + "ActPerTensorFloat", fixed = sign + "ActPerTensorFixedPoint";
    return logDomain ? std::vector{fixed, flt} : std::vector{flt, fixed};
}

/// Keywords for what the presets say otherwise than the layers of 2019 and 2020, which had none.
void assumeDefaultsBefore06(SlotWork &work)
{
    const bool perChannel = work.stored("scaling_impl.value").value_or(std::vector<float>{}).size() > 1;
    work.settings.preset = "Int8WeightPerTensorFloat";
    const auto add = [&](const char *keyword, const char *text) {
        if (!work.settings.value(keyword))
            work.settings.overrides.emplace_back(keyword, text);
    };
    if (work.stored("scaling_impl.value"))
        add("scaling_impl_type", "parameter_from_stats");
    if (perChannel)
        add("scaling_per_output_channel", "true");
    add("restrict_scaling_type", "LOG_FP");
    add("scaling_min_val", "1.52587890625e-05"); // 2^-16
    add("narrow_range", "false");
}

std::vector<std::string> fittingWeightPresets(const SlotWork &work)
{
    const int version = work.facts.version;
    const StateQuantizer *keys = work.keys();
    const std::vector<float> values = work.stored("scaling_impl.value").value_or(std::vector<float>{});
    const bool logDomain = std::any_of(values.begin(), values.end(), [](float v) { return v < 0; });
    // Despite its name Int8WeightPerChannelFixedPoint has float scales before 0.12, and nothing else has these.
    if (logDomain && values.size() > 1 && version < 120 && !keys->fields.contains("pre_scaling_impl.value"))
        throw SlotFailure{"preset-unknown",
            fmt::format("its stored scales are logarithms, which no preset of Brevitas {} has per channel: a recipe "
                        "with restrict_scaling_type settles it",
                versionText(version))};
    // Keys of the bit width alone say nothing of the scale.
    const bool storesScale = keys != nullptr
        && (keys->fields.contains("scaling_impl.value") || keys->fields.contains("pre_scaling_impl.value"));
    return storesScale ? storedWeightPresets(*keys, values.size() > 1, logDomain) : weightPresets(work.facts.logDomain);
}

std::vector<std::string> fittingActivationPresets(const SlotWork &work)
{
    const bool isSigned = !isAny(work.layer().kind, {"ReLU", "Sigmoid"})
        && slotName(work.slot.slot).find("sigmoid") == std::string_view::npos;
    std::vector<std::string> fitting = activationPresets(work.keys(), isSigned, work.facts.logDomain);
    // A sign is never stored: the other one fits as well.
    fitting.push_back(activationPresets(work.keys(), !isSigned, work.facts.logDomain).front());
    return fitting;
}

std::vector<std::string> fittingPresets(const SlotWork &work)
{
    std::vector<std::string> fitting
        = work.slot.slot == Slot::Weight ? fittingWeightPresets(work) : fittingActivationPresets(work);
    std::erase_if(fitting, [&](const std::string &name) { return !existsIn(*findPreset(name), work.facts.version); });
    return fitting;
}

std::string guessPreset(SlotWork &work)
{
    const std::vector<std::string> fitting = fittingPresets(work);
    if (fitting.empty())
        throw SlotFailure{"preset-unknown",
            fmt::format("no preset of Brevitas {} fits what the file stores for it: a recipe settles it",
                versionText(work.facts.version))};
    work.slot.alternatives.assign(fitting.begin() + 1, fitting.end());
    return fitting.front();
}

/// A constant threshold whose scale is the step, in Brevitas' words: 2^(bits - 1) times a float32 is one.
void assumeConstantStep(SlotWork &work, const WeightGrid &grid)
{
    if (grid.isBinary()) {
        work.settings.preset = "SignedBinaryWeightPerTensorConst";
        work.settings.overrides = {{"scaling_const", shortest(grid.steps.front())}};
        return;
    }
    work.settings.preset = "Int8WeightPerTensorFloat";
    work.settings.overrides = {{"bit_width", std::to_string(grid.bits)}, {"narrow_range", "false"},
        {"scaling_impl_type", "const"}, {"scaling_const", shortest(std::ldexp(grid.steps.front(), grid.bits - 1))}};
}

/// No preset of Brevitas has a constant for each channel.
void assumeChannelSteps(SlotWork &work, const WeightGrid &grid)
{
    Quantizer q;
    q.bitWidth = grid.bits;
    q.isSigned = true;
    q.narrow = false;
    q.scale = perChannel(work.slot, 0, grid.steps);
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Assumed, work.grid};
    work.slot.quantizer = std::move(q);
    work.slot.assumed = work.slot.presetAssumed = true;
    std::vector<std::string> others{"Int8WeightPerChannelFloat"};
    std::ranges::move(work.slot.alternatives, std::back_inserter(others));
    work.slot.alternatives = std::move(others);
}

/// Weights that lie on a grid already were quantized before they were saved; what nobody says a word of.
std::optional<WeightGrid> gridOf(const SlotWork &work)
{
    const SlotQuantizer &slot = work.slot;
    const BrevitasSlotFacts &facts = work.facts.slots[work.index];
    if (slot.slot != Slot::Weight || work.keys() != nullptr || work.settings.mentioned
        || !work.settings.overrides.empty() || !facts.sharers.empty())
        return std::nullopt;
    return findGrid(*slot.tensor, slot.channelAxis == 0, work.context.progress);
}

/// True where a preset says it all.
bool assumeGrid(SlotWork &work, const WeightGrid &grid)
{
    work.grid = grid.text();
    work.slot.alternatives = fittingPresets(work);
    work.warn(kOnGrid,
        fmt::format("{}: they were quantized before they were saved, so the step is shown as their scale; a recipe "
                    "with a preset says otherwise",
            work.grid));
    if (grid.steps.size() > 1) {
        assumeChannelSteps(work, grid);
        return false;
    }
    assumeConstantStep(work, grid);
    return true;
}

/// Where no preset of Brevitas fits. Throws SlotFailure.
bool assumesNothing(const SlotWork &work)
{
    const SlotQuantizer &slot = work.slot;
    if (slot.tensor && slot.tensor->shape.size() >= 2 && !slot.tensor->problem.empty() && !slot.sources.empty())
        throw SlotFailure{"tensor-unreadable", slot.tensor->problem}; // a parametrization whose code is not there
    const bool saysItself = work.facts.dict.torchAo || work.facts.dict.packed;
    if (saysItself && work.settings.mentioned)
        throw SlotFailure{"preset-unknown",
            fmt::format("the recipe changes it without naming a preset, and in a file of {} none is assumed",
                work.facts.dict.torchAo ? "torch.ao" : "packed weights")};
    return saysItself; // what has no quantizer there is a float
}

} // namespace

bool assumePreset(SlotWork &work)
{
    const SlotQuantizer &slot = work.slot;
    const bool floats = slot.tensor && isFloating(slot.tensor->dtype) && !isMinifloat(slot.tensor->dtype);
    const bool matrix = slot.tensor && slot.tensor->shape.size() >= 2;
    const Slot kind = presetSlot(slot.slot);
    const bool hasKeys = work.keys() != nullptr;
    if (assumesNothing(work))
        return false;
    if (kind == Slot::Bias && !work.settings.mentioned) {
        if (!gateInput(work.facts, work.layer().name))
            return false; // Brevitas' default is a float bias
        work.settings.preset = "Int32Bias"; // but not that of its recurrent layers
        return true;
    }
    if (kind == Slot::Bias || kind == Slot::Trunc)
        throw SlotFailure{
            "preset-unknown", "the recipe changes it without naming a preset, and nothing in the file suggests one"};
    if (kind == Slot::Weight && !(floats && (matrix || hasKeys || work.settings.mentioned)))
        return false;
    if (kind == Slot::Act && !hasKeys && !work.settings.mentioned)
        return false;
    if (const auto grid = gridOf(work))
        return assumeGrid(work, *grid);
    if (kind == Slot::Weight && work.facts.dict.before06)
        assumeDefaultsBefore06(work);
    else
        work.settings.preset = guessPreset(work);
    return true;
}

void findAlternatives(SlotWork &work)
{
    const Slot kind = presetSlot(work.slot.slot);
    if (kind != Slot::Weight && kind != Slot::Act)
        return;
    try {
        work.slot.alternatives = fittingPresets(work);
    } catch (const SlotFailure &) {
        return; // nothing fits: what the recipe names is the only word there is
    }
    if (work.settings.overrides.empty()) // with keywords it is another quantizer
        std::erase(work.slot.alternatives, work.settings.preset);
}

} // namespace quantscope
