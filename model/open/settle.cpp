#include "open/settle.h"

#include "dialects/brevitas/recover_state_dict.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::array<std::pair<QuantizerField, const char *>, 6> kFields = {{
    {ScaleField, "scale"},
    {ZeroPointField, "zero_point"},
    {BitWidthField, "bit_width"},
    {SignField, "signed"},
    {NarrowField, "narrow"},
    {RoundingField, "rounding"},
}};
constexpr std::string_view kConfirmed = "confirmed by ";

/// In what exports agree with a slot, and the first of them for each field.
struct Agreement {
    bool differs = false;
    unsigned fields = 0;
    std::map<unsigned, std::string> by;
};

/// Weights were compared, and all differ: that an activation agrees may be chance.
bool isOfAnotherTraining(const Confirmation &one)
{
    const auto isWeight = [](const auto &slot) { return slot.first.ends_with(" weight"); };
    return std::ranges::any_of(one.agreed, isWeight)
        && std::ranges::none_of(one.agreed, [&](const auto &slot) { return isWeight(slot) && slot.second != 0; });
}

std::map<std::string, Agreement> agreements(std::span<const Confirmation> confirmations)
{
    std::map<std::string, Agreement> out;
    for (const Confirmation &one : confirmations) {
        if (isOfAnotherTraining(one))
            continue;
        for (const auto &[name, fields] : one.agreed) {
            Agreement &slot = out[name];
            slot.differs = slot.differs || fields == 0;
            for (const auto &[field, key] : kFields)
                if ((fields & ~slot.fields & field) != 0)
                    slot.by.emplace(field, one.exportFile);
            slot.fields |= fields;
        }
    }
    return out;
}

/// "entry 3, bit_width = 4" -> "bit_width = 4": a recipe that nobody wrote has no entries to look at.
std::string withoutEntry(const std::string &detail)
{
    const std::size_t comma = detail.find(", ");
    return detail.starts_with("entry ") && comma != std::string::npos ? detail.substr(comma + 2) : detail;
}

/// The origin of a field that an export has as well.
Provenance confirmed(Provenance origin, QuantizerField field, const std::string &by, bool taken)
{
    if (origin.detail.find(kConfirmed) != std::string::npos)
        return origin;
    const bool assumed = origin.origin == Origin::Assumed;
    if (!assumed && !taken)
        return origin;
    if (assumed) // what else would fit, or why it was assumed, stands behind a semicolon
        origin.detail.resize(std::min(origin.detail.find("; "), origin.detail.size()));
    if (origin.origin == Origin::Recipe)
        origin.detail = withoutEntry(origin.detail);
    if (assumed || origin.origin == Origin::Recipe)
        origin.origin = field == ScaleField || field == ZeroPointField ? Origin::Computed : Origin::Preset;
    origin.detail += fmt::format("{}{}{}", origin.detail.empty() ? "" : ", ", kConfirmed, by);
    return origin;
}

void settle(SlotQuantizer &slot, const Agreement &agreement, bool taken)
{
    auto &origins = slot.quantizer->origin;
    for (const auto &[field, key] : kFields)
        if (const auto by = agreement.by.find(field); by != agreement.by.end())
            if (const auto origin = origins.find(key); origin != origins.end())
                origin->second = confirmed(std::move(origin->second), field, by->second, taken);
    if (!slot.assumed)
        return;
    slot.assumed = agreement.fields != AllFields
        || std::ranges::any_of(origins, [](const auto &origin) { return origin.second.origin == Origin::Assumed; });
    if (slot.assumed)
        return;
    slot.presetAssumed = false;
    slot.alternatives.clear();
}

} // namespace

void settleByExports(Network &network, std::span<const Confirmation> confirmations)
{
    const auto agreed = agreements(confirmations);
    const bool taken = !network.recipe.takenFrom.empty();
    for (Layer &layer : network.layers)
        for (SlotQuantizer &slot : layer.slots)
            if (const auto found = agreed.find(fmt::format("{} {}", layer.name, slot.slot)); found != agreed.end()
                && !found->second.differs && slot.quantizer
                && slot.proof != ProofVerdict::Differs) // what the live model contradicts is certain of nothing
                settle(slot, found->second, taken);
    noteAssumedPresets(network);
}

} // namespace quantscope
