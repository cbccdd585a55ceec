#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/resolver.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace quantscope {

void Resolver::linkSharers()
{
    for (std::size_t i = 0; i < m_jobs.size(); ++i) {
        Job &job = m_jobs[i];
        if (job.settings.sharedWith.empty())
            continue;
        if (hasNothingToShare(job)) {
            job.settings.sharedWith.clear();
            job.settings.preset = "None";
            continue;
        }
        const Slot slot = slotOf(job).slot;
        std::size_t owner = namedJob(job.settings.sharedWith, sharedSlots(slot), "shared_with");
        if (owner == i)
            throw RecipeMismatch(fmt::format("{} cannot share its {} quantizer with itself", layerOf(job).name, slot));
        // A sharer of a sharer shares the first one's object.
        for (std::size_t hops = 0; !m_jobs[owner].settings.sharedWith.empty(); ++hops) {
            if (hops > m_jobs.size() || owner == i)
                throw RecipeMismatch(fmt::format("shared_with goes round in a circle at {}", layerOf(job).name));
            owner = namedJob(m_jobs[owner].settings.sharedWith, sharedSlots(slotOf(m_jobs[owner]).slot), "shared_with");
        }
        if (presetSlot(slotOf(m_jobs[owner]).slot) != presetSlot(slot))
            throw RecipeMismatch(
                fmt::format("{} {} cannot share the quantizer of {} {}: their presets are of different "
                            "kinds",
                    layerOf(job).name, slot, layerOf(m_jobs[owner]).name, slotOf(m_jobs[owner]).slot));
        job.owner = owner;
        m_jobs[owner].sharers.push_back(i);
    }
}

/// An entry without a slot shares whatever the other layer has: a bias needs no owner where that has none.
bool Resolver::hasNothingToShare(const Job &job) const
{
    if (!job.settings.sharesWhole)
        return false;
    const Slot slot = slotOf(job).slot;
    const Reference owner = referenced(job.settings.sharedWith, sharedSlots(slot));
    return m_network.layer(owner.layer) != nullptr
        && (!owner.job || presetSlot(slotOf(m_jobs[*owner.job]).slot) != presetSlot(slot));
}

/// The slots that a layer's name alone may mean in shared_with.
std::vector<Slot> Resolver::sharedSlots(Slot slot)
{
    return presetSlot(slot) == Slot::Act ? std::vector{slot, Slot::Act, Slot::Output} : std::vector{slot};
}

/// A sharer is set as its owner is: one object.
const Resolver::Job *Resolver::takeOwner(Job &job)
{
    if (!job.owner)
        return nullptr;
    Job &owner = m_jobs[*job.owner];
    resolve(*job.owner);
    SlotQuantizer &slot = slotOf(job);
    const std::string &preset = owner.settings.preset;
    if (preset.empty() && !owner.failed && job.settings.sharesWhole) {
        job.settings.preset = "None";
        return &owner;
    }
    if (!owner.spec && (owner.failed || preset.empty()))
        throw SlotFailure{
            "shared-owner-unknown", fmt::format("the quantizer it shares ({}) is not known", job.settings.sharedWith)};
    if (isLabQuantizer(preset) && !preset.starts_with("ap_"))
        throw SlotFailure{"shared-statistics",
            fmt::format("{} follows from each tensor alone and cannot be shared with {}: give it a preset of its own",
                preset, job.settings.sharedWith)};
    slot.sharedWith = fmt::format("{}:{}", layerOf(owner).name, slotOf(owner).slot);
    for (const auto &[keyword, text] : job.settings.overrides)
        if (owner.settings.value(keyword) != text)
            warn(job, "shared-keyword-ignored",
                fmt::format("{} = {} has no effect here: the quantizer is that of {}", keyword, text, slot.sharedWith));
    job.settings.preset = preset;
    job.settings.overrides = owner.settings.overrides;
    job.settings.overrideEntry = owner.settings.overrideEntry;
    job.settings.presetEntry = owner.settings.presetEntry;
    return &owner;
}

void Resolver::chooseSpec(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    const Job *owner = takeOwner(job);
    if (owner == nullptr && slot.tensor && slot.tensor->affine)
        return resolveStoredInteger(job);
    if (job.settings.preset == "None") {
        slot.preset = job.settings.preset;
        return;
    }
    bool assumed = job.settings.preset.empty();
    if (assumed && !assumePreset(job))
        return;
    dropIdleKeywords(job);
    if (isLabQuantizer(job.settings.preset))
        return resolveLab(job);
    if (owner != nullptr) {
        assumed = slotOf(*owner).presetAssumed;
        slot.alternatives = slotOf(*owner).alternatives;
    }
    takeSpec(job, assumed);
}

/// Whether an entry of the recipe speaks of this slot's preset or of this layer alone, not of whatever a wildcard
/// finds.
bool Resolver::isMeant(const Job &job, int number) const
{
    if (number == job.settings.presetEntry)
        return true;
    const auto &entries = m_network.recipe.quantizers;
    return std::ranges::any_of(entries, [&](const RecipeQuantizer &entry) {
        return entry.number == number && globNames(entry.match, m_network.layers[job.layer].name);
    });
}

/// A keyword that says nothing is a mistake, unless it is meant for others too.
void Resolver::dropIdleKeywords(Job &job)
{
    std::erase_if(job.settings.overrides, [&](const auto &given) {
        const std::string problem = keywordWithoutEffect(job.settings.preset, given.first);
        if (problem.empty())
            return false;
        const auto entry = job.settings.overrideEntry.find(given.first);
        const int number = entry == job.settings.overrideEntry.end() ? job.settings.presetEntry : entry->second;
        if (isMeant(job, number))
            throw RecipeMismatch(
                fmt::format("{} {}{}: {}", layerOf(job).name, slotOf(job).slot, entryText(number), problem));
        warn(job, "keyword-without-effect", problem);
        return true;
    });
}

/// Brevitas takes them there and leaves them unused.
void Resolver::warnOfIdleKeywords(const Job &job, const QuantizerSpec &spec)
{
    for (const std::string &keyword : spec.ignored)
        warn(job, "keyword-without-effect",
            fmt::format("{} = {} has no effect here: Brevitas {} does not read it for {}", keyword,
                job.settings.value(keyword).value_or(""), versionText(m_version), spec.preset->name));
    const auto given = job.settings.value("bit_width");
    if (given && spec.bits == 0)
        return warn(job, "keyword-without-effect",
            fmt::format("bit_width = {} has no effect here: {} has the width of its accumulator before Brevitas 0.11",
                *given, spec.preset->name));
    if (given && spec.kind != QuantizerKind::Affine && spec.kind != QuantizerKind::Minifloat
        && *given != std::to_string(spec.bits))
        warn(job, "keyword-without-effect",
            fmt::format("bit_width = {} has no effect here: a quantizer of {} levels has a width of its own", *given,
                spec.kind == QuantizerKind::Binary ? "two" : "three"));
}

void Resolver::takeSpec(Job &job, bool assumed)
{
    SlotQuantizer &slot = slotOf(job);
    auto spec = makeSpec(job.settings, m_version);
    if (!spec) {
        // The sentence begins with the keyword, where it is about one.
        const auto keyword = job.settings.overrideEntry.find(spec.error().substr(0, spec.error().find(' ')));
        const int entry = keyword == job.settings.overrideEntry.end() ? job.settings.presetEntry : keyword->second;
        throw RecipeMismatch(fmt::format("{} {}{}: {}", layerOf(job).name, slot.slot, entryText(entry), spec.error()));
    }
    slot.preset = job.settings.preset;
    slot.overrides = job.settings.overrides;
    slot.input = job.settings.input;
    warnOfIdleKeywords(job, *spec);
    if (spec->off)
        return;
    slot.assumed = assumed;
    slot.presetAssumed = assumed;
    if (!spec->decoded)
        throw SlotFailure{"not-decoded-yet", spec->undecodedWhy};
    job.spec = std::move(*spec);
    heedDecisions(job);
    if (!assumed)
        return;
    for (auto &[field, origin] : job.spec->origin)
        if (origin.origin == Origin::Preset)
            origin = {Origin::Assumed,
                fmt::format("{}{}", slot.preset,
                    slot.alternatives.empty() ? "" : "; " + slot.alternatives.front() + " fits as well")};
}

void Resolver::resolveLab(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    if (!slot.tensor || !isFloating(slot.tensor->dtype))
        throw SlotFailure{"no-tensor",
            fmt::format("{} quantizes float weights and biases, and there are none here", job.settings.preset)};
    if (slot.tensor->count() == 0)
        throw SlotFailure{"empty-tensor", "the tensor is empty, so it has no scale"};
    try {
        slot.quantizer = labQuantizer(job.settings.preset, job.settings, slot);
    } catch (const std::invalid_argument &error) {
        throw RecipeMismatch(fmt::format(
            "{} {}{}: {}", layerOf(job).name, slot.slot, entryText(job.settings.presetEntry), error.what()));
    }
    if (!job.settings.value("axis"))
        markAssumedAxis(job, *slot.quantizer);
    slot.preset = job.settings.preset;
    slot.overrides = job.settings.overrides;
}

/// A learned or stateful width as the file keeps it.
std::optional<int> Resolver::storedBits(const Job &job, Provenance &origin) const
{
    if (const auto offset = storedScalar(job, "msb_clamp_bit_width_impl.bit_width_offset")) {
        origin = {Origin::Read,
            fmt::format("round(|{}| + {}) of msb_clamp_bit_width_impl.bit_width_offset", shortest(*offset),
                job.spec->minimumBits)};
        const float bits = std::nearbyint(std::fabs(*offset) + static_cast<float>(job.spec->minimumBits));
        if (!isBitWidth(static_cast<double>(bits)))
            throw SlotFailure{
                "bit-width", fmt::format("the learned bit width {} is not between 1 and 32", shortest(bits))};
        return static_cast<int>(bits);
    }
    const auto bits = storedScalar(job, "msb_clamp_bit_width_impl.bit_width");
    if (!bits)
        return std::nullopt;
    if (!isBitWidth(static_cast<double>(*bits)))
        throw SlotFailure{
            "bit-width", fmt::format("the stored bit width {} is not a whole number from 1 to 32", shortest(*bits))};
    origin = {Origin::Read, "msb_clamp_bit_width_impl.bit_width"};
    return static_cast<int>(*bits);
}

/// The file's width, unless the recipe says another one: Brevitas itself does not load a learned width into a network
/// whose widths are constant, so a width without bit_width_impl_type is a wish.
int Resolver::bitsOf(const Job &job, Provenance &origin)
{
    const QuantizerSpec &spec = *job.spec;
    if (spec.kind == QuantizerKind::Binary || spec.kind == QuantizerKind::Ternary)
        return spec.bits;
    const Job &holder = job.owner && keysOf(job) == nullptr ? m_jobs[*job.owner] : job;
    const StateQuantizer *keys = keysOf(holder);
    const bool stored = keys != nullptr
        && (keys->fields.contains("msb_clamp_bit_width_impl.bit_width_offset")
            || keys->fields.contains("msb_clamp_bit_width_impl.bit_width"));
    if (spec.bitsStored.value_or(!spec.bitsGiven)) {
        const auto bits = stored ? storedBits(holder, origin) : std::nullopt;
        if (!bits && spec.bitsStored)
            throw SlotFailure{"key-missing",
                "bit_width_impl_type says that its bit width is in the file, and no key "
                "msb_clamp_bit_width_impl.bit_width or .bit_width_offset is there"};
        return bits.value_or(spec.bits);
    }
    if (stored)
        warn(job, "stored-bit-width-unused",
            fmt::format("the file keeps a bit width of its own for it, and the recipe says {}: bit_width_impl_type = "
                        "\"parameter\" takes the file's",
                spec.bits));
    return spec.bits;
}

} // namespace quantscope
