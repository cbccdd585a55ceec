#include "run/run_choices.h"

#include "base/text.h"
#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "lab/candidate_slot.h"
#include "run/following_bias.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

tl::unexpected<Error> wrongChoice(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(message)});
}

Result<SlotId> slotOf(const Network &network, const RunChoice &choice)
{
    const Layer *layer = network.layer(choice.layer);
    if (layer == nullptr) {
        std::vector<std::string> names;
        for (const Layer &known : network.layers)
            names.push_back(known.name);
        return wrongChoice(fmt::format("has no layer \"{}\"{}", choice.layer, didYouMean(choice.layer, names)));
    }
    if (layer->slot(choice.slot) != nullptr)
        return SlotId{layer->id, choice.slot};
    std::vector<std::string_view> slots;
    for (const SlotQuantizer &slot : layer->slots)
        slots.push_back(slotName(slot.slot));
    return wrongChoice(fmt::format("layer \"{}\" has no slot \"{}\": it has {}", layer->name, choice.slot,
        slots.empty() ? "none" : fmt::format("{}", fmt::join(slots, ", "))));
}

Result<std::optional<SlotQuantizer>> tried(const Network &network, const Result<BrevitasFacts> &facts,
    const RunChoice &choice, const SlotId &id, const Progress &progress)
{
    const SlotQuantizer &slot = *network.slot(id);
    if (!choice.candidate)
        return std::optional<SlotQuantizer>();
    const CandidateText &candidate = *choice.candidate;
    if (candidate.settings.preset == "file")
        return std::optional(slot);
    const auto refused = [&](std::string_view why) {
        return wrongChoice(
            fmt::format("{} cannot be had for {} {}: {}", candidate.text, choice.layer, choice.slot, why));
    };
    if (!facts)
        return tl::unexpected(facts.error());
    if (candidate.range)
        return refused("its range comes from data that were not run");
    auto floats = slot.holdsCodes() && slot.hasValues() ? dequantizedTensor(slot) : nullptr;
    auto out = candidateSlot(network, *facts, id, candidate.settings, std::move(floats), progress);
    if (!out && out.error().reach == SlotFailure::Reach::Cancelled)
        throw CancelledError();
    if (!out)
        return refused(out.error().text);
    if (!out->quantizer || !out->quantizer->isComplete()
        || !std::ranges::all_of(out->quantizer->scale->values, [](float s) { return std::isfinite(s); }))
        return refused("its scale is not finite");
    out->spans = slot.spans;
    return std::optional(std::move(*out));
}

/// A quantizer that several slots share is one: the others follow, unless they have a choice of their own. What follows
/// from each tensor alone cannot be shared.
std::vector<ChosenQuantizer> followingSharers(const Network &network, const std::vector<ChosenQuantizer> &chosen)
{
    std::vector<ChosenQuantizer> out;
    for (const auto &[owner, choice] : chosen) {
        if (choice && isLabQuantizer(choice->preset) && !choice->preset.starts_with("ap_"))
            continue;
        const std::string name = fmt::format("{}:{}", network.layer(owner.layer).name, owner.slot);
        for (const Layer &layer : network.layers)
            for (const SlotQuantizer &slot : layer.slots) {
                const SlotId id{layer.id, slot.slot};
                if (slot.sharedWith != name || std::ranges::find(chosen, id, &ChosenQuantizer::first) != chosen.end())
                    continue;
                out.emplace_back(id, choice ? std::optional(slot) : std::nullopt);
                if (!choice)
                    continue;
                if (slot.holdsCodes() && slot.hasValues())
                    out.back().second->tensor = dequantizedTensor(slot);
                out.back().second->quantizer = choice->quantizer;
            }
    }
    return out;
}

void switchOthersOff(const Network &network, std::vector<ChosenQuantizer> &chosen)
{
    std::vector<ChosenQuantizer> all;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (const SlotId id{layer.id, slot.slot};
                slot.quantizer && std::ranges::find(chosen, id, &ChosenQuantizer::first) == chosen.end())
                all.emplace_back(id, std::nullopt);
    chosen.insert(chosen.begin(), all.begin(), all.end());
}

} // namespace

Result<RunChoice> parseRunChoice(const std::string &text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        return wrongChoice(fmt::format("\"{}\" is not of the form LAYER[:SLOT]=CANDIDATE", text));
    RunChoice out;
    out.layer = text.substr(0, equals);
    const std::string candidate = text.substr(equals + 1);
    if (const std::size_t colon = out.layer.rfind(':'); colon != std::string::npos) {
        const auto slot = slotFromName(std::string_view(out.layer).substr(colon + 1));
        if (slot) {
            out.slot = *slot;
            out.layer.resize(colon);
        }
    }
    if (candidate == "float")
        return out;
    auto parsed = parseCandidate(candidate);
    if (!parsed)
        return tl::unexpected(parsed.error());
    out.candidate = std::move(*parsed);
    return out;
}

std::vector<SlotChoice> choicesOfRecipe(
    const std::vector<RunChoice> &choices, const Network &network, const std::vector<ChosenQuantizer> &chosen)
{
    std::vector<SlotChoice> out;
    for (const RunChoice &choice : choices) {
        const Layer *layer = network.layer(choice.layer);
        if (!choice.candidate || choice.candidate->settings.preset == "file" || layer == nullptr)
            continue;
        const SlotSettings &said = choice.candidate->settings;
        SlotChoice own{choice.layer, choice.slot, said.preset, said.overrides};
        const auto made = std::ranges::find(chosen, SlotId{layer->id, choice.slot}, &ChosenQuantizer::first);
        const SlotQuantizer *slot = layer->slot(choice.slot);
        if (slot != nullptr && slot->tensor == nullptr && made != chosen.end() && made->second) {
            own.preset = made->second->preset; // with the threshold that was found for it
            own.overrides = made->second->overrides;
        }
        out.push_back(std::move(own));
    }
    return out;
}

std::vector<ChosenQuantizer> changedQuantizers(const Network &before, const Network &after)
{
    const auto numbersOf = [](const SlotQuantizer &slot) {
        std::optional<Quantizer> out = slot.quantizer;
        if (out)
            out->origin.clear();
        return out;
    };
    std::vector<ChosenQuantizer> out;
    for (const Layer &layer : after.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const Layer *earlier = before.layer(layer.name);
            const SlotQuantizer *had = earlier == nullptr ? nullptr : earlier->slot(slot.slot);
            if (had != nullptr && (numbersOf(*had) != numbersOf(slot) || had->tensor != slot.tensor))
                out.emplace_back(SlotId{earlier->id, slot.slot},
                    slot.quantizer && slot.quantizer->isComplete() ? std::optional(slot) : std::nullopt);
        }
    return out;
}

Result<std::vector<ChosenQuantizer>> chosenQuantizers(
    const Network &network, const std::vector<RunChoice> &choices, bool allFloat, const Progress &progress)
{
    std::vector<ChosenQuantizer> out;
    const Result<BrevitasFacts> facts = choices.empty() ? tl::unexpected(Error{}) : gatherFacts(network);
    for (const RunChoice &choice : choices) {
        const auto id = slotOf(network, choice);
        if (!id)
            return tl::unexpected(id.error());
        if (std::ranges::find(out, *id, &ChosenQuantizer::first) != out.end())
            return wrongChoice(fmt::format("{} {} is named twice", choice.layer, choice.slot));
        auto slot = tried(network, facts, choice, *id, progress);
        if (!slot)
            return tl::unexpected(slot.error());
        out.emplace_back(*id, std::move(*slot));
    }
    for (ChosenQuantizer &sharer : followingSharers(network, out))
        out.push_back(std::move(sharer));
    if (allFloat)
        switchOthersOff(network, out);
    for (ChosenQuantizer &bias : followingBiases(network, out))
        out.push_back(std::move(bias));
    return out;
}

} // namespace quantscope
