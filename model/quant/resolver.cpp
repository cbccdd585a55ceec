#include "quant/resolver.h"

#include "base/text.h"
#include "quant/lab_quantizers.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

Resolver::Resolver(Network &network, const Progress &progress, const RecoverHints &hints)
    : m_network(network)
    , m_progress(progress)
    , m_hints(hints)
    , m_dict(groupStateDict(*network.file))
{
    if (network.recipe.brevitas)
        m_version = brevitasVersion(*network.recipe.brevitas).value_or(kDefaultVersion);
    for (const StateLayer &state : m_dict.layers)
        m_states.emplace(state.name, &state);
    takeHints();
    mergeBatchNorms();
    collectJobs();
    linkSharers();
    takePrevious();
}

SlotQuantizer Resolver::candidate(const std::string &layer, const std::string &slot, const SlotSettings &settings,
    std::shared_ptr<const TensorInfo> floats)
{
    const auto index = findJob(layer, slot);
    if (!index)
        throw RecipeMismatch(fmt::format("layer \"{}\" has no slot \"{}\"", layer, slot));
    Job job = m_jobs[*index];
    job.settings = settings;
    job.owner.reset();
    job.spec.reset();
    const SlotQuantizer before = slotOf(job);
    SlotQuantizer &trial = slotOf(job);
    trial = SlotQuantizer{};
    trial.slot = before.slot;
    trial.tensor = floats ? std::move(floats) : before.tensor;
    trial.tensorName = before.tensorName;
    trial.shape = before.shape;
    trial.channelAxis = before.channelAxis;
    std::optional<std::string> failure;
    try {
        chooseSpec(job);
        m_alone = true;
        if (job.spec)
            resolveJob(job);
    } catch (const SlotFailure &error) {
        failure = error.text;
    }
    m_alone = false;
    SlotQuantizer result = std::exchange(trial, before);
    if (failure)
        throw RecipeMismatch(fmt::format("{} cannot be had for {} {}: {}", settings.preset, layer, slot, *failure));
    return result;
}

void Resolver::resolveAll()
{
    for (std::size_t i = 0; i < m_jobs.size(); ++i)
        resolve(i);
}

void Resolver::collectJobs()
{
    for (std::size_t l = 0; l < m_network.layers.size(); ++l) {
        const Layer &layer = m_network.layers[l];
        const auto state = m_states.find(layer.name);
        const bool batchNorm = state != m_states.end() && state->second->batchNorm;
        for (std::size_t s = 0; s < layer.slots.size(); ++s) {
            Job job;
            job.layer = l;
            job.slot = s;
            job.settings = settingsFor(m_network.recipe, layer.name, layer.slots[s].slot, !batchNorm);
            m_jobIndex.emplace(std::pair(layer.name, layer.slots[s].slot), m_jobs.size());
            m_jobs.push_back(std::move(job));
        }
    }
    for (const Job &job : m_jobs) {
        const auto threshold = presetSlot(slotOf(const_cast<Job &>(job)).slot) == "act"
            ? storedScalar(job, "scaling_impl.value")
            : std::nullopt;
        m_logDomain = m_logDomain || (threshold && *threshold < 0);
    }
}

void Resolver::linkSharers()
{
    for (std::size_t i = 0; i < m_jobs.size(); ++i) {
        Job &job = m_jobs[i];
        if (job.settings.sharedWith.empty())
            continue;
        const std::string slot = slotOf(job).slot;
        std::size_t owner = namedJob(job.settings.sharedWith, {slot, "act", "output"}, "shared_with");
        if (owner == i)
            throw RecipeMismatch(fmt::format("{} cannot share its {} quantizer with itself", layerOf(job).name, slot));
        // A sharer of a sharer shares the first one's object.
        for (std::size_t hops = 0; !m_jobs[owner].settings.sharedWith.empty(); ++hops) {
            if (hops > m_jobs.size() || owner == i)
                throw RecipeMismatch(fmt::format("shared_with goes round in a circle at {}", layerOf(job).name));
            owner = namedJob(
                m_jobs[owner].settings.sharedWith, {slotOf(m_jobs[owner]).slot, "act", "output"}, "shared_with");
        }
        job.owner = owner;
        m_jobs[owner].sharers.push_back(i);
    }
}

std::optional<std::size_t> Resolver::findJob(const std::string &layer, const std::string &slot) const
{
    const auto found = m_jobIndex.find({layer, slot});
    return found == m_jobIndex.end() ? std::nullopt : std::optional(found->second);
}

std::size_t Resolver::namedJob(const std::string &reference, std::vector<std::string> slots, const char *key) const
{
    std::string layer = reference;
    const auto colon = reference.rfind(':');
    if (colon != std::string::npos) {
        layer = reference.substr(0, colon);
        slots = {reference.substr(colon + 1)};
    }
    for (const std::string &slot : slots)
        if (const auto found = findJob(layer, slot))
            return *found;
    if (m_network.layer(layer) != nullptr)
        throw RecipeMismatch(
            fmt::format("{} = \"{}\": the layer has no slot {}", key, reference, fmt::join(slots, " or ")));
    std::vector<std::string> names;
    for (const Layer &known : m_network.layers)
        names.push_back(known.name);
    throw RecipeMismatch(fmt::format(
        "{} = \"{}\" names no layer of the file; did you mean \"{}\"?", key, reference, nearestWord(layer, names)));
}

const StateQuantizer *Resolver::keysOf(const Job &job) const
{
    const Layer &layer = m_network.layers[job.layer];
    const auto state = m_states.find(layer.name);
    return state == m_states.end() ? nullptr : state->second->quantizer(layer.slots[job.slot].slot);
}

std::optional<std::vector<float>> Resolver::stored(const Job &job, std::string_view field, Shape *shape) const
{
    const StateQuantizer *keys = keysOf(job);
    if (keys == nullptr)
        return std::nullopt;
    const auto found = keys->fields.find(field);
    if (found == keys->fields.end())
        return std::nullopt;
    const TensorInfo &tensor = m_network.file->tensors[found->second];
    if (shape != nullptr)
        *shape = tensor.shape;
    return readFloats(tensor);
}

std::optional<float> Resolver::storedScalar(const Job &job, std::string_view field) const
{
    const auto values = stored(job, field);
    return values && !values->empty() ? std::optional(values->front()) : std::nullopt;
}

void Resolver::fail(Job &job, const SlotFailure &failure)
{
    job.failed = true;
    const Layer &layer = layerOf(job);
    m_network.diagnostics.push_back({failure.rule, Severity::Error, layer.name,
        fmt::format("{} {}: {}", layer.name, slotOf(job).slot, failure.text)});
}

void Resolver::resolve(std::size_t index)
{
    Job &job = m_jobs[index];
    if (job.state == State::Done)
        return;
    if (job.state == State::Busy)
        throw RecipeMismatch(fmt::format("the quantizer of {} {} depends on itself through input or shared_with",
            layerOf(job).name, slotOf(job).slot));
    job.state = State::Busy;
    try {
        chooseSpec(job);
        if (job.spec)
            resolveJob(job);
    } catch (const SlotFailure &failure) {
        fail(job, failure);
    } catch (const ParseError &error) {
        fail(job, {"tensor-unreadable", error.what()});
    }
    job.state = State::Done;
}

void Resolver::chooseSpec(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    if (job.owner) {
        Job &owner = m_jobs[*job.owner];
        resolve(*job.owner);
        if (!owner.spec)
            throw SlotFailure{"shared-owner-unknown",
                fmt::format("the quantizer it shares ({}) is not known", job.settings.sharedWith)};
        slot.sharedWith = layerOf(owner).name + ":" + slotOf(owner).slot;
        job.settings.preset = owner.settings.preset;
        job.settings.overrides = owner.settings.overrides;
        job.settings.overrideEntry = owner.settings.overrideEntry;
        job.settings.presetEntry = owner.settings.presetEntry;
    } else if (slot.tensor && slot.tensor->affine) {
        return resolveStoredInteger(job);
    }
    if (job.settings.preset == "None")
        return;
    if (isLabQuantizer(job.settings.preset))
        return resolveLab(job);
    const bool assumed = job.settings.preset.empty();
    if (assumed && !assumePreset(job))
        return;
    auto spec = makeSpec(job.settings, m_version);
    if (!spec)
        throw RecipeMismatch(fmt::format("{} {}: {}", layerOf(job).name, slot.slot, spec.error()));
    slot.preset = job.settings.preset;
    slot.overrides = job.settings.overrides;
    slot.assumed = assumed;
    slot.presetAssumed = assumed;
    slot.input = job.settings.input;
    if (!spec->decoded)
        throw SlotFailure{"not-decoded-yet", spec->undecodedWhy};
    job.spec = std::move(*spec);
    if (assumed)
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
        throw RecipeMismatch(fmt::format("{} {}: {}", layerOf(job).name, slot.slot, error.what()));
    }
    slot.preset = job.settings.preset;
    slot.overrides = job.settings.overrides;
}

void Resolver::resolveJob(Job &job)
{
    const std::string_view slot = presetSlot(slotOf(job).slot);
    if (slot == "weight")
        resolveWeight(job);
    else if (slot == "bias")
        resolveBias(job);
    else if (slot == "trunc")
        resolveTruncation(job);
    else
        resolveActivation(job);
}

Quantizer Resolver::startQuantizer(const Job &job, int bits) const
{
    const QuantizerSpec &spec = *job.spec;
    Quantizer q;
    q.kind = spec.kind;
    q.bitWidth = bits;
    q.isSigned = spec.isSigned;
    q.narrow = spec.narrow;
    q.rounding = spec.rounding;
    q.rule = spec.kind == QuantizerKind::Binary ? CodeRule::Threshold : CodeRule::DivideAddRound;
    if (spec.ternaryThreshold && spec.kind == QuantizerKind::Ternary) {
        q.rule = CodeRule::TernaryThreshold;
        q.ternaryThreshold = *spec.ternaryThreshold;
    }
    if (spec.kind == QuantizerKind::Minifloat) {
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = {spec.preset->exponentBits, spec.preset->mantissaBits};
        q.narrow = std::nullopt; // its codes are patterns: no integer end is left out
    }
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    q.origin = spec.origin;
    q.origin.erase("granularity");
    q.origin["zero_point"] = {Origin::Preset, "symmetric"};
    return q;
}

/// Learned and stateful bit widths are stored; everything else is the preset's or the recipe's.
int Resolver::bitsOf(const Job &job, Provenance &origin) const
{
    if (const auto offset = storedScalar(job, "msb_clamp_bit_width_impl.bit_width_offset")) {
        origin = {Origin::Read,
            fmt::format("round(|{}| + {}) of msb_clamp_bit_width_impl.bit_width_offset", shortest(*offset),
                job.spec->minimumBits)};
        const float bits = std::nearbyint(std::fabs(*offset) + static_cast<float>(job.spec->minimumBits));
        if (!(bits >= 1 && bits <= 32))
            throw SlotFailure{
                "bit-width", fmt::format("the learned bit width {} is not between 1 and 32", shortest(bits))};
        return static_cast<int>(bits);
    }
    if (const auto bits = storedScalar(job, "msb_clamp_bit_width_impl.bit_width")) {
        if (!(*bits >= 1 && *bits <= 32) || *bits != std::floor(*bits))
            throw SlotFailure{"bit-width",
                fmt::format("the stored bit width {} is not a whole number from 1 to 32", shortest(*bits))};
        origin = {Origin::Read, "msb_clamp_bit_width_impl.bit_width"};
        return static_cast<int>(*bits);
    }
    return job.spec->bits;
}

void recoverStateDict(Network &network, const Progress &progress, const RecoverHints &hints)
{
    Resolver(network, progress, hints).resolveAll();
    std::size_t assumed = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            assumed += slot.presetAssumed ? 1u : 0u;
    if (assumed > 0)
        network.diagnostics.push_back({"preset-assumed", Severity::Warning, "",
            fmt::format(
                "a state_dict does not say its quantizers: {} are shown under assumed presets; a recipe settles them",
                assumed)});
    if (!network.recipe.brevitas && !network.recipe.empty())
        network.diagnostics.push_back(
            {"version-assumed", Severity::Note, "", "the recipe names no Brevitas version: 0.10.2 is assumed"});
}

} // namespace quantscope
