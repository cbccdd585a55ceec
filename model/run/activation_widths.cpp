#include "run/activation_widths.h"

#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/presets.h"
#include "lab/candidates.h"
#include "quant/fixed_point.h"
#include "run/activation_compare.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::array kNames = {std::pair(WalkOver::Weights, std::string_view("weights")),
    std::pair(WalkOver::Activations, std::string_view("activations")),
    std::pair(WalkOver::Both, std::string_view("both"))};

bool isChosen(const SlotQuantizer &slot)
{
    return presetSlot(slot.slot) == Slot::Act && !slot.tensor && slot.quantizer && slot.quantizer->isComplete()
        && slot.sharedWith.empty();
}

/// What keeps the slot's range at another width, the nearest to what it has first.
std::vector<CandidateText> ownKinds(const SlotQuantizer &slot)
{
    std::vector<CandidateText> out;
    SlotSettings settings;
    settings.preset = slot.preset;
    settings.overrides = slot.overrides;
    if (!slot.preset.empty())
        if (auto own = parseCandidate(settingsText(settings)))
            out.push_back(std::move(*own));
    if (const auto type = fixedType(*slot.quantizer))
        if (auto fixed = parseCandidate(apFixedName(*type)))
            out.push_back(std::move(*fixed));
    return out;
}

SweepPoint pointOf(const std::string &layer, const CandidateResult &candidate)
{
    SweepPoint out;
    out.layer = layer;
    out.slot = candidate.slot.slot;
    out.candidate = candidate.name;
    out.settings = candidate.settings;
    out.family = candidateFamily(candidate.name);
    out.width = candidate.slot.quantizer->bitWidth.value_or(0);
    out.bits = static_cast<std::uint64_t>(std::max(0, out.width));
    out.fixedExact = candidate.fixedExact();
    return out;
}

/// Of the first kind that can be had.
std::vector<SweepPoint> widthsOf(const Network &network, const BrevitasFacts &facts, const Layer &layer,
    const SlotQuantizer &slot, std::pair<int, int> range)
{
    std::vector<SweepPoint> out;
    for (const CandidateText &kind : ownKinds(slot)) {
        for (const CandidateText &candidate : atWidths({kind}, range.first, range.second))
            if (const auto made = activationCandidate(network, facts, {layer.id, slot.slot}, candidate, nullptr))
                out.push_back(pointOf(layer.name, *made));
        if (!out.empty())
            break;
    }
    return out;
}

/// Elements of one sample, rounded up.
std::uint64_t elementsOf(const Network &network, const SweepPoint &point, const RunResult &own)
{
    const std::string name = fmt::format("{}:{}", point.layer, point.slot);
    std::uint64_t count = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if ((layer.name == point.layer && slot.slot == point.slot) || slot.sharedWith == name)
                if (const LayerFlow *flow = own.at(layer.id, slot.slot))
                    count += flow->figures.seen.count;
    return own.samples == 0 ? 0 : (count + own.samples - 1) / own.samples;
}

} // namespace

std::string_view walkOverName(WalkOver over)
{
    return std::ranges::find(kNames, over, &std::pair<WalkOver, std::string_view>::first)->second;
}

std::optional<WalkOver> walkOverFromName(std::string_view name)
{
    const auto found = std::ranges::find(kNames, name, &std::pair<WalkOver, std::string_view>::second);
    return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

Result<ActivationWidths> activationWidths(
    const Network &network, const std::vector<std::string> &layers, int low, int high)
{
    const auto facts = gatherFacts(network);
    if (!facts)
        return tl::unexpected(facts.error());
    ActivationWidths out;
    for (const Layer &layer : network.layers) {
        if (!layers.empty() && std::ranges::find(layers, layer.name) == layers.end())
            continue;
        for (const SlotQuantizer &slot : layer.slots) {
            if (!isChosen(slot))
                continue;
            const auto widths = widthsOf(network, *facts, layer, slot, {low, high});
            out.points.insert(out.points.end(), widths.begin(), widths.end());
            if (widths.empty())
                out.missing.push_back(layer.name);
        }
    }
    return out;
}

std::vector<std::uint64_t> bitsOnData(
    const Network &network, const std::vector<SweepPoint> &points, const RunResult &own)
{
    std::vector<std::uint64_t> out;
    for (const SweepPoint &point : points)
        out.push_back(presetSlot(point.slot) == Slot::Act ? point.bits * elementsOf(network, point, own) : point.bits);
    return out;
}

} // namespace quantscope
