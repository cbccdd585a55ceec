#include "dialects/brevitas/scale_sharing.h"

#include "base/text.h"
#include "dialects/brevitas/bit_width_rules.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/slot_preset.h"
#include "network/recover.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Around the name of the other one, in the origin of a scale.
constexpr std::string_view kThat = "the int scaling of ", kIsShared = " being shared too";
/// Each slot is compared with so many others at most: a hostile file may have all of them in one storage.
constexpr std::size_t kMostPartners = 32;
/// Quantizers that share each the next one's scale: each is worked out within the one before.
constexpr std::size_t kLongestChain = 64;
constexpr std::array<std::string_view, 2> kThresholds
    = {"scaling_impl.value", "scaling_impl.runtime_stats.running_stats"};

/// A quantizer as far as its scale hangs on it.
struct Scaling {
    SlotIndex index = 0;
    QuantizerSpec spec;
    int bits = 8;
    bool assumed = false;
};

bool storesThreshold(const QuantizerSpec &spec)
{
    return spec.special == Special::None
        && (spec.source == ScaleSource::Stored || spec.source == ScaleSource::RuntimeStats);
}

/// A threshold of its own, wherever that comes from.
bool hasThreshold(const QuantizerSpec &spec)
{
    return spec.special == Special::None && spec.source != ScaleSource::WeightTimesInput
        && spec.source != ScaleSource::Input;
}

bool namesScaling(const SlotSettings &settings)
{
    return !settings.scaleSharedWith.empty() || !settings.thresholdSharedWith.empty();
}

/// The other's scaling_impl, with its int_scaling_impl or beside the own one.
void takeScaling(QuantizerSpec &spec, const QuantizerSpec &other, bool withIntScaling)
{
    const IntScaling own = intScalingOf(spec);
    spec.intScaling = withIntScaling ? intScalingOf(other) : own;
    spec.source = other.source;
    spec.statistic = other.statistic;
    spec.restriction = other.restriction;
    spec.exponentRounding = other.exponentRounding;
    spec.perChannel = other.perChannel;
    spec.initialised = other.initialised;
    spec.he = other.he;
    spec.affine = other.affine;
    spec.before06 = other.before06;
    spec.minimum = other.minimum;
    spec.constant = other.constant;
    spec.constantLog2 = other.constantLog2;
    spec.sigma = other.sigma;
    spec.highPercentile = other.highPercentile;
    spec.lowPercentile = other.lowPercentile;
    if (const auto origin = other.origin.find("scale"); origin != other.origin.end())
        spec.origin["scale"] = origin->second; // of a constant
}

void shareNamed(SlotWork &work, SlotIndex other, std::vector<SlotIndex> visited);

/// What another quantizer's preset and keywords make of its scale, alone or with what they name; nullopt where that is
/// not known. `visited` are those that ask.
std::optional<Scaling> scalingOf(
    const SlotWork &asking, SlotIndex other, bool withNamed, const std::vector<SlotIndex> &visited)
{
    const BrevitasFacts &facts = asking.facts;
    if (facts.slots[other].owner)
        other = *facts.slots[other].owner;
    if (std::ranges::find(visited, other) != visited.end())
        throw RecipeMismatch(fmt::format("what shares scales goes round in a circle at {}", facts.nameOf(other)));
    if (visited.size() > kLongestChain)
        throw RecipeMismatch(fmt::format("{} shares its scale through more than {} others: name the one at the end of "
                                         "the chain, whose scale it is",
            facts.nameOf(visited.front()), kLongestChain));
    SlotContext context;
    context.quantizerOf = asking.context.quantizerOf;
    SlotWork work{facts, other, context, facts.slots[other].settings, bareSlot(facts, other), {}, {}, {}};
    const auto named = scalingOwner(facts, other, work.settings);
    try {
        decidePreset(work);
        if (!work.spec || !hasThreshold(*work.spec))
            return std::nullopt;
        Provenance origin;
        const int bits = bitWidthOf(work, origin);
        if (withNamed && named)
            shareNamed(work, *named, visited);
        else if (withNamed)
            shareScaling(work);
        const bool doubtful = work.scaling.says == ScalingShare::Says::Storage || work.scaling.assumed;
        return Scaling{other, *work.spec, bits, work.slot.assumed || doubtful};
    } catch (const SlotFailure &) {
        return std::nullopt;
    } catch (const ParseError &) {
        return std::nullopt;
    }
}

void shareNamed(SlotWork &work, SlotIndex other, std::vector<SlotIndex> visited)
{
    const bool whole = !work.settings.scaleSharedWith.empty();
    if (!hasThreshold(*work.spec))
        throw RecipeMismatch(fmt::format("{}: {} has no threshold of its own, so it shares none",
            work.facts.nameOf(work.index), work.settings.preset));
    visited.push_back(work.index);
    const auto scaling = scalingOf(work, other, true, visited);
    if (!scaling)
        throw SlotFailure{"shared-owner-unknown",
            fmt::format("the quantizer whose scale it shares ({}) is not known", work.facts.nameOf(other))};
    if (scaling->spec.source == ScaleSource::Stats && work.spec->zeroPoint != ZeroPointSource::None)
        throw SlotFailure{"shared-statistics",
            fmt::format("its zero point follows from its own values and its scale from those of {}, which is not "
                        "decoded yet",
                work.facts.nameOf(other))};
    Provenance origin;
    const int bits = bitWidthOf(work, origin);
    const float own = intThreshold(*work.spec, bits);
    takeScaling(*work.spec, scaling->spec, whole);
    work.scaling = {ScalingShare::Says::Recipe, scaling->index, whole, scaling->assumed, own};
}

/// The scales that the stored thresholds of a slot give.
std::vector<float> scalesFor(const SlotWork &work, const Scaling &scaling)
{
    for (const std::string_view field : kThresholds)
        if (auto values = work.stored(field)) {
            for (float &value : *values)
                value = field == kThresholds.front() ? scaleFromStored(value, scaling.spec, scaling.bits)
                                                     : scaleFromStatistic(value, scaling.spec, scaling.bits);
            return *values;
        }
    return {};
}

/// The one signed quantizer whose int scaling the unsigned ones take; null where several differ.
const Scaling *signedOne(const std::vector<Scaling> &all)
{
    const Scaling *found = nullptr;
    for (const Scaling &scaling : all)
        if (scaling.spec.isSigned) {
            if (found != nullptr && intScalingOf(found->spec) != intScalingOf(scaling.spec))
                return nullptr;
            found = found == nullptr ? &scaling : found;
        }
    return found;
}

/// Those that keep their threshold where this slot does, this slot first.
std::vector<Scaling> ofOneStorage(SlotWork &work)
{
    Provenance origin;
    std::vector<Scaling> all{{work.index, *work.spec, bitWidthOf(work, origin), false}};
    for (const SlotIndex other : work.facts.slots[work.index].oneStorage) {
        const BrevitasSlotFacts &facts = work.facts.slots[other];
        if (facts.owner || namesScaling(facts.settings))
            continue; // the recipe says what that one shares
        auto scaling = scalingOf(work, other, false, {});
        if (scaling && storesThreshold(scaling->spec))
            all.push_back(std::move(*scaling));
    }
    return all;
}

void shareStored(SlotWork &work)
{
    std::vector<Scaling> all = ofOneStorage(work);
    const auto differs = [&](const Scaling &other) { return scalesFor(work, other) != scalesFor(work, all.front()); };
    if (std::ranges::none_of(all, differs))
        return;
    const float own = intThreshold(*work.spec, all.front().bits);
    if (const Scaling *leader = signedOne(all)) {
        const Scaling taken = *leader;
        for (Scaling &scaling : all)
            if (!scaling.spec.isSigned)
                takeScaling(scaling.spec, taken.spec, true);
        if (!work.spec->isSigned)
            work.scaling = {ScalingShare::Says::Storage, taken.index, true, true, own};
    }
    *work.spec = all.front().spec;
    const auto other = std::ranges::find_if(all, differs);
    if (other != all.end())
        work.scaling = {ScalingShare::Says::Conflict, other->index, work.scaling.intScaling, true, own};
}

} // namespace

void linkStorages(BrevitasFacts &facts)
{
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<SlotIndex>> storages;
    for (SlotIndex i = 0; i < facts.slots.size(); ++i) {
        const StateQuantizer *keys = facts.keysOf(i);
        if (keys == nullptr)
            continue;
        for (const std::string_view field : kThresholds)
            if (const auto found = keys->fields.find(field); found != keys->fields.end()) {
                const TensorInfo &tensor = facts.file->tensors[found->second];
                if (tensor.storage.id != 0)
                    storages[{tensor.storage.id, tensor.firstElement}].push_back(i);
                break;
            }
    }
    for (const auto &[storage, members] : storages)
        for (const SlotIndex member : members)
            for (const SlotIndex other : std::span(members).first(std::min(members.size(), kMostPartners)))
                if (other != member && presetSlot(facts.slotOf(other).slot) == presetSlot(facts.slotOf(member).slot))
                    facts.slots[member].oneStorage.push_back(other);
}

std::optional<SlotIndex> scalingOwner(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings)
{
    if (!namesScaling(settings))
        return std::nullopt;
    const bool whole = !settings.scaleSharedWith.empty();
    const Slot slot = facts.slotOf(index).slot;
    const SlotIndex other = namedSlot(facts, whole ? settings.scaleSharedWith : settings.thresholdSharedWith,
        presetSlot(slot) == Slot::Act ? std::vector{slot, Slot::Act, Slot::Output} : std::vector{slot},
        whole ? "scale_shared_with" : "threshold_shared_with");
    if (other == index)
        throw RecipeMismatch(fmt::format("{} cannot share its scale with itself", facts.nameOf(index)));
    if (presetSlot(facts.slotOf(other).slot) != presetSlot(slot))
        throw RecipeMismatch(fmt::format("{} cannot share the scale of {}: their presets are of different kinds",
            facts.nameOf(index), facts.nameOf(other)));
    return other;
}

void shareScaling(SlotWork &work)
{
    if (work.owner())
        return;
    if (const auto other = scalingOwner(work.facts, work.index, work.settings))
        return shareNamed(work, *other, {});
    if (storesThreshold(*work.spec) && !work.facts.slots[work.index].oneStorage.empty())
        shareStored(work);
}

void takeOwnersScale(SlotWork &work)
{
    const auto index = work.owner();
    const Slot kind = presetSlot(work.slot.slot);
    if (!index || kind == Slot::Bias || kind == Slot::Trunc || work.spec->special != Special::None)
        return; // biases and truncations have a scale of their own, and so have decoupled quantizers
    const auto &facts = work.facts.slots[*index];
    const SlotQuantizer &owner = work.context.owner->slot;
    const bool sharesScaling = namesScaling(facts.settings) || !facts.oneStorage.empty();
    if (!sharesScaling || !work.slot.quantizer || !owner.quantizer || !owner.quantizer->scale)
        return;
    Quantizer &quantizer = *work.slot.quantizer;
    const Granular &scale = *owner.quantizer->scale;
    quantizer.scale = work.slot.tensor ? perChannel(work.slot, work.slot.channelAxis, scale.values) : scale;
    quantizer.origin["scale"] = owner.quantizer->origin.at("scale"); // it says on what its last bit hangs
    work.slot.formula = owner.formula;
    work.slot.assumed = work.slot.assumed || quantizer.origin["scale"].origin == Origin::Assumed;
    work.restsOnMean = false;
}

void tellScaling(SlotWork &work)
{
    const ScalingShare &share = work.scaling;
    if (share.says == ScalingShare::Says::Nothing || !work.slot.quantizer || !work.slot.quantizer->scale)
        return;
    Quantizer &quantizer = *work.slot.quantizer;
    const std::string other = work.facts.nameOf(share.other);
    if (share.says == ScalingShare::Says::Recipe) {
        quantizer.origin["scale"].detail
            += fmt::format("; the threshold{} of {}", share.intScaling ? " and int scaling" : "", other);
        const bool contradicted = work.context.quantizerOf
            && work.context.quantizerOf(share.other).proof == ProofVerdict::Differs; // by the live model
        if (share.assumed || contradicted)
            work.markAssumed(quantizer, "scale", other);
        return;
    }
    const float divisor = intThreshold(*work.spec, quantizer.bitWidth.value_or(8));
    const std::string settles = fmt::format("scale_shared_with = \"{0}\" in the recipe says that the int scaling is "
                                            "shared too, threshold_shared_with = \"{0}\" that it is not",
        other);
    if (share.says == ScalingShare::Says::Storage) {
        work.markAssumed(quantizer, "scale", fmt::format("{}{}{}", kThat, other, kIsShared));
        return work.warn(kScaleShared,
            fmt::format(
                "its threshold is kept in one storage with that of {}, so that both have one scale, threshold / "
                "{}, as Brevitas' graph quantization makes it; alone it would be threshold / {}: {}",
                other, shortest(divisor), shortest(share.ownDivisor), settles));
    }
    work.markAssumed(quantizer, "scale", fmt::format("that it is not {}'s, whose storage it shares,", other));
    work.warn(kScaleShared,
        fmt::format("its threshold is kept in one storage with that of {}, but as the recipe has them their scales are "
                    "different (here threshold / {}): {}",
            other, shortest(divisor), settles));
}

std::optional<std::string> assumedScaleOwner(const SlotQuantizer &slot)
{
    const auto origin
        = slot.quantizer ? slot.quantizer->origin.find("scale") : decltype(slot.quantizer->origin.end()){};
    if (!slot.quantizer || origin == slot.quantizer->origin.end() || origin->second.origin != Origin::Assumed)
        return std::nullopt;
    const std::string &detail = origin->second.detail;
    const auto end = detail.rfind(kIsShared), begin = detail.rfind(kThat, end);
    if (end == std::string::npos || begin == std::string::npos)
        return std::nullopt;
    return detail.substr(begin + kThat.size(), end - begin - kThat.size());
}

} // namespace quantscope
