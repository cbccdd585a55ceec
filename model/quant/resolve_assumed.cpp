#include "quant/resolver.h"

#include <algorithm>

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

std::vector<std::string> storedWeightPresets(const StateQuantizer &keys, bool perChannel)
{
    if (keys.fields.contains("pre_scaling_impl.accumulator_bit_width.bit_width"))
        return {"Int8AccumulatorAwareWeightQuant", "Int8AccumulatorAwareZeroCenterWeightQuant"};
    if (keys.fields.contains("pre_scaling_impl.value"))
        return {"Int8WeightNormL2PerChannelFixedPoint"};
    if (keys.fields.contains("zero_point_impl.value"))
        return {perChannel ? "ShiftedUint8WeightPerChannelFloatMSE" : "ShiftedUint8WeightPerTensorFloatMSE"};
    if (perChannel)
        return {
            "Int8WeightPerChannelFloatMSE", "Int8WeightPerChannelFloatDecoupled", "Int8WeightPerChannelFixedPointMSE"};
    return {"Int8WeightPerTensorFloatMSE", "Int4WeightPerTensorFloatDecoupled", "Int8WeightPerTensorFixedPointMSE"};
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

} // namespace

std::string Resolver::guessPreset(const Job &job, std::vector<std::string> &alternatives) const
{
    const Layer &layer = m_network.layers[job.layer];
    const SlotQuantizer &slot = layer.slots[job.slot];
    const StateQuantizer *keys = keysOf(job);
    std::vector<std::string> fitting;
    if (slot.slot == "weight") {
        Shape shape;
        const bool perChannel = stored(job, "scaling_impl.value", &shape).value_or(std::vector<float>{}).size() > 1;
        // Keys of the bit width alone say nothing of the scale.
        const bool storesScale = keys != nullptr
            && (keys->fields.contains("scaling_impl.value") || keys->fields.contains("pre_scaling_impl.value"));
        fitting = storesScale ? storedWeightPresets(*keys, perChannel) : weightPresets(m_logDomain);
    } else {
        const bool isSigned = !isAny(layer.kind, {"ReLU", "Sigmoid"}) && slot.slot.find("sigmoid") == std::string::npos;
        fitting = activationPresets(keys, isSigned, m_logDomain);
        // A sign is never stored: the other one fits as well.
        fitting.push_back(activationPresets(keys, !isSigned, m_logDomain).front());
    }
    alternatives.assign(fitting.begin() + 1, fitting.end());
    return fitting.front();
}

/// True when the slot has a quantizer at all as far as the file tells; then a preset is proposed.
bool Resolver::assumePreset(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    const bool floats = slot.tensor && isFloating(slot.tensor->dtype) && !isMinifloat(slot.tensor->dtype);
    const bool matrix = slot.tensor && slot.tensor->shape.size() >= 2;
    const std::string_view kind = presetSlot(slot.slot);
    const bool hasKeys = keysOf(job) != nullptr;
    if (kind == "bias" && !job.settings.mentioned)
        return false; // Brevitas' default is a float bias
    if (kind == "bias" || kind == "trunc")
        throw SlotFailure{
            "preset-unknown", "the recipe changes it without naming a preset, and nothing in the file suggests one"};
    if (kind == "weight" && !(floats && (matrix || hasKeys || job.settings.mentioned)))
        return false;
    if (kind == "act" && !hasKeys && !job.settings.mentioned)
        return false;
    job.settings.preset = guessPreset(job, slot.alternatives);
    return true;
}

} // namespace quantscope
