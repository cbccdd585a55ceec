#include "dialects/brevitas/input_rules.h"

#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/recurrent_rules.h"
#include "network/recover.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Of the layer that a graph says feeds this one.
std::optional<SlotIndex> feedingSlot(const BrevitasFacts &facts, const std::string &layer)
{
    const auto act = facts.find(layer, Slot::Act);
    return act ? act : facts.find(layer, Slot::Output);
}

} // namespace

bool hasAssumedScale(const SlotQuantizer &slot)
{
    const auto origin = slot.quantizer->origin.find("scale");
    return slot.assumed || (origin != slot.quantizer->origin.end() && origin->second.origin == Origin::Assumed);
}

std::optional<SlotIndex> inputSlot(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings)
{
    if (!settings.input.empty()) {
        const SlotIndex named = namedSlot(facts, settings.input, {Slot::Act, Slot::Output}, "input");
        if (const Slot kind = presetSlot(facts.slotOf(named).slot); kind == Slot::Weight || kind == Slot::Bias)
            throw RecipeMismatch(fmt::format("input = \"{}\" is a {}, which no layer reads", settings.input, kind));
        return named;
    }
    const std::string &layer = facts.layerOf(index).name;
    if (const auto own = facts.find(layer, Slot::Input))
        return own;
    if (const auto gate = gateInput(facts, layer))
        return gate;
    return feedingSlot(facts, facts.inputOf(index));
}

std::optional<InputQuantizer> inputOf(const SlotWork &work, bool needsScale)
{
    const SlotSettings &settings = work.settings;
    InputQuantizer out;
    if (!isScale(settings.inputScale.value_or(1)) || !isBitWidth(settings.inputBitWidth.value_or(8)))
        throw SlotFailure{"input-unknown", "input_scale or input_bit_width is not a number that it can be"};
    if (settings.inputScale || (!needsScale && settings.inputBitWidth)) {
        out.scale = static_cast<float>(settings.inputScale.value_or(0));
        out.bits = static_cast<int>(settings.inputBitWidth.value_or(0));
        out.isSigned = settings.inputSigned.value_or(true);
        out.from = "given in the recipe";
        out.assumed = settings.inputAssumed;
        return out;
    }
    const auto source = inputSlot(work.facts, work.index, settings);
    if (!source)
        return std::nullopt;
    const SlotQuantizer &producer = work.context.quantizerOf(*source);
    const std::string &layer = work.facts.layerOf(*source).name;
    if (!producer.quantizer || !producer.quantizer->scale)
        throw SlotFailure{
            "input-unknown", fmt::format("the quantizer of its input ({} {}) is not known", layer, producer.slot)};
    if (producer.quantizer->scale->values.size() != 1)
        throw SlotFailure{"input-per-channel",
            fmt::format("its input ({}) has one scale per channel, which no bias scale can follow", layer)};
    out.scale = producer.quantizer->scale->values[0];
    if (producer.quantizer->zeroPoint)
        out.zeroPoint = producer.quantizer->zeroPoint->values[0];
    out.bits = producer.quantizer->bitWidth.value_or(0);
    out.isSigned = producer.quantizer->isSigned.value_or(true);
    out.from = layer;
    out.assumed = hasAssumedScale(producer) || settings.inputAssumed;
    return out;
}

} // namespace quantscope
