#include "lab/candidate_slot.h"

#include "dialects/brevitas/presets.h"
#include "lab/activation_candidate.h"
#include "quant/code_reader.h"
#include "tensor/memory_tensor.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool isInForce(const SlotQuantizer &file, const SlotSettings &settings)
{
    return settings.preset == file.preset
        && std::is_permutation(
            settings.overrides.begin(), settings.overrides.end(), file.overrides.begin(), file.overrides.end());
}

/// Why a candidate is none for this slot, whatever the tensor holds; empty when it is one.
std::string refusal(const BrevitasFacts &facts, const SlotQuantizer &file, const SlotSettings &settings)
{
    const Preset *preset = findPreset(settings.preset);
    if (preset == nullptr)
        return {};
    if (preset->slot != presetSlot(file.slot))
        return fmt::format("it is a preset of slot \"{}\"", preset->slot);
    if (!existsIn(*preset, facts.version))
        return fmt::format("Brevitas {} does not have it", versionText(facts.version));
    const auto spec = makeSpec(settings, facts.version);
    if (spec && spec->decoded && needsStored(*spec) && !isInForce(file, settings) && preset->slot != Slot::Act)
        return "its numbers are trained or searched and stored: only the candidate \"file\" shows them";
    return {};
}

/// What the recipe says about the layer's input stays, as in withChoice.
SlotSettings withInput(SlotSettings settings, const BrevitasFacts &facts, SlotIndex index)
{
    const Layer &layer = facts.layerOf(index);
    const SlotSettings said = settingsFor(facts.recipe, layer.name, facts.slotOf(index).slot);
    settings.input = said.input;
    settings.inputScale = said.inputScale;
    settings.inputBitWidth = said.inputBitWidth;
    settings.inputSigned = said.inputSigned;
    // Where an export of the network told it, the recipe need not.
    if (settings.input.empty() && layer.slot(Slot::Input) == nullptr)
        settings.input = facts.inputOf(index);
    return settings;
}

/// Of an activation with its threshold.
tl::expected<SlotSettings, std::string> settingsOf(
    const Network &network, const BrevitasFacts &facts, SlotIndex index, const SlotSettings &candidate)
{
    const SlotQuantizer &file = facts.slotOf(index);
    if (presetSlot(file.slot) != Slot::Act || isInForce(file, candidate))
        return candidate;
    return activationSettings(network, facts, index, candidate);
}

/// The sentence without the names that stand beside it anyway.
std::string withoutNames(std::string sentence, const Layer &layer, Slot slot)
{
    const std::string where = fmt::format("{} {}: ", layer.name, slot);
    return sentence.starts_with(where) ? sentence.substr(where.size()) : sentence;
}

} // namespace

tl::expected<SlotQuantizer, SlotFailure> candidateSlot(const Network &network, const BrevitasFacts &facts,
    const SlotId &slot, const SlotSettings &candidate, std::shared_ptr<const TensorInfo> floats,
    const Progress &progress)
{
    const Layer &layer = network.layer(slot.layer);
    const auto index = facts.find(layer.name, slot.slot);
    if (!index)
        return tl::unexpected(SlotFailure{"", fmt::format("layer \"{}\" has no slot \"{}\"", layer.name, slot.slot)});
    if (std::string why = refusal(facts, *layer.slot(slot.slot), candidate); !why.empty())
        return tl::unexpected(SlotFailure{"", std::move(why)});
    if (presetSlot(slot.slot) == Slot::Act && candidate.preset.starts_with("ap_")) {
        auto fixed = fixedActivation(*layer.slot(slot.slot), candidate);
        return fixed ? tl::expected<SlotQuantizer, SlotFailure>(std::move(*fixed))
                     : tl::unexpected(SlotFailure{"", std::move(fixed.error())});
    }
    SlotContext context;
    context.quantizerOf = [&](SlotIndex other) -> const SlotQuantizer & { return facts.slotOf(other); };
    context.floats = std::move(floats);
    context.progress = progress;
    auto settings = settingsOf(network, facts, *index, candidate);
    if (!settings)
        return tl::unexpected(SlotFailure{"", std::move(settings.error())});
    ResolvedSlot resolved = resolveSlot(facts, *index, withInput(std::move(*settings), facts, *index), context);
    if (!resolved.failure)
        return std::move(resolved.slot);
    resolved.failure->text = withoutNames(std::move(resolved.failure->text), layer, slot.slot);
    return tl::unexpected(std::move(*resolved.failure));
}

std::shared_ptr<const TensorInfo> dequantizedTensor(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<float> values(reader.count());
    reader.values(0, values);
    return floatTensor(slot.tensorName, slot.shape, values);
}

} // namespace quantscope
