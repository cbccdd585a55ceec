#include "dialects/brevitas/resolver.h"

#include "base/text.h"

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
    shareByConstruction();
    linkSharers();
    takePrevious();
}

SlotQuantizer Resolver::candidate(
    const std::string &layer, Slot slot, const SlotSettings &settings, std::shared_ptr<const TensorInfo> floats)
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
        if (job.spec)
            resolveJob(job);
    } catch (const SlotFailure &error) {
        failure = error.text;
    }
    SlotQuantizer result = std::exchange(trial, before);
    if (failure)
        throw RecipeMismatch(fmt::format("{} cannot be had for {} {}: {}", settings.preset, layer, slot, *failure));
    return result;
}

void Resolver::resolveAll()
{
    for (std::size_t i = 0; i < m_jobs.size(); ++i)
        resolve(i);
    noteVectors();
}

/// A wildcard also reaches the weights of layer norms and PReLUs, which few people mean to quantize.
void Resolver::noteVectors()
{
    std::vector<std::string> names;
    LayerId first{};
    for (const Job &job : m_jobs) {
        const std::string &layer = layerOf(job).name;
        const SlotQuantizer &slot = slotOf(job);
        const bool vector = slot.slot == Slot::Weight && slot.shape.size() < 2 && slot.quantizer && !keysOf(job)
            && !(slot.tensor && slot.tensor->affine);
        const auto &entries = m_network.recipe.quantizers;
        if (vector
            && std::none_of(entries.begin(), entries.end(), [&](const auto &e) { return globNames(e.match, layer); }))
            first = names.emplace_back(layer) == names.front() ? layerOf(job).id : first;
    }
    if (!names.empty())
        m_network.diagnostics.push_back({"vector-quantized", Severity::Note, {first, Slot::Weight},
            fmt::format(
                "a wildcard of the recipe quantizes the weight{} of {}{}, which {} one axis (layer norms, PReLU?): "
                "preset = \"None\" leaves such a weight as it is",
                names.size() == 1 ? "" : "s", names.front(),
                names.size() == 1 ? "" : fmt::format(" and {} more layers", names.size() - 1),
                names.size() == 1 ? "has" : "have")});
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
        const auto threshold
            = presetSlot(slotOf(job).slot) == Slot::Act ? storedScalar(job, "scaling_impl.value") : std::nullopt;
        m_logDomain = m_logDomain || (threshold && *threshold < 0);
    }
}

std::optional<std::size_t> Resolver::findJob(const std::string &layer, Slot slot) const
{
    const auto found = m_jobIndex.find({layer, slot});
    return found == m_jobIndex.end() ? std::nullopt : std::optional(found->second);
}

Resolver::Reference Resolver::referenced(const std::string &text, std::vector<Slot> slots) const
{
    Reference out{text, std::move(slots), {}, {}};
    const auto colon = text.rfind(':');
    if (colon != std::string::npos) {
        const std::string layer = text.substr(0, colon), name = text.substr(colon + 1);
        const auto slot = slotFromName(name);
        out.job = slot ? findJob(layer, *slot) : std::nullopt;
        if (out.job || m_network.layer(text) == nullptr) // a layer's own name may hold a colon
            return {layer, slot ? std::vector{*slot} : std::vector<Slot>{}, out.job, slot ? std::string() : name};
    }
    for (const Slot slot : out.slots)
        if ((out.job = findJob(text, slot)))
            break;
    return out;
}

std::size_t Resolver::namedJob(const std::string &reference, std::vector<Slot> wanted, const char *key) const
{
    auto [layer, slots, job, unknown] = referenced(reference, std::move(wanted));
    if (job)
        return *job;
    std::vector<std::string> names;
    if (const Layer *known = m_network.layer(layer)) {
        for (const SlotQuantizer &slot : known->slots)
            names.emplace_back(slotName(slot.slot));
        std::vector<std::string> sought;
        for (const Slot slot : slots)
            sought.emplace_back(slotName(slot));
        if (slots.empty())
            sought.push_back(unknown);
        sought.erase(std::unique(sought.begin(), sought.end()), sought.end());
        throw RecipeMismatch(
            fmt::format("{} = \"{}\"{}: the layer has no slot {}{}", key, reference, entryWith(reference),
                fmt::join(sought, " or "), sought.size() == 1 ? didYouMean(sought.front(), names) : ""));
    }
    for (const Layer &known : m_network.layers)
        names.push_back(known.name);
    throw RecipeMismatch(fmt::format(
        "{} = \"{}\"{} names no layer of the file{}", key, reference, entryWith(reference), didYouMean(layer, names)));
}

std::string Resolver::entryText(int number) const
{
    const auto &entries = m_network.recipe.quantizers;
    const auto found
        = std::ranges::find_if(entries, [&](const RecipeQuantizer &entry) { return entry.number == number; });
    if (number == 0 || found == entries.end())
        return {};
    return found->line == 0 ? fmt::format(" (entry {})", number)
                            : fmt::format(" (entry {}, line {})", number, found->line);
}

/// The last entry that names another quantizer so.
std::string Resolver::entryWith(const std::string &reference) const
{
    int number = 0;
    for (const RecipeQuantizer &entry : m_network.recipe.quantizers)
        if (entry.sharedWith == reference || entry.input == reference)
            number = entry.number;
    return entryText(number);
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
    m_network.diagnostics.push_back({failure.rule, Severity::Error, {layer.id, slotOf(job).slot},
        fmt::format("{} {}: {}", layer.name, slotOf(job).slot, failure.text)});
}

void Resolver::warn(const Job &job, const char *rule, const std::string &text)
{
    m_network.diagnostics.push_back({rule, Severity::Warning, {layerOf(job).id, slotOf(job).slot},
        fmt::format("{} {}: {}", layerOf(job).name, slotOf(job).slot, text)});
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

void Resolver::resolveJob(Job &job)
{
    switch (presetSlot(slotOf(job).slot)) {
    case Slot::Weight: return resolveWeight(job);
    case Slot::Bias: return resolveBias(job);
    case Slot::Trunc: return resolveTruncation(job);
    default: return resolveActivation(job);
    }
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
    if (!q.narrow)
        q.origin["narrow"] = {Origin::Computed, "codes are bit patterns, and no end of their range is left out"};
    q.origin["zero_point"] = {Origin::Preset, "symmetric"};
    return q;
}

namespace {

/// Brevitas computes in float32, so that its codes follow from float32 weights alone.
void noteOtherPrecision(Network &network)
{
    const SlotQuantizer *first = nullptr;
    std::size_t count = 0;
    LayerId layer{};
    for (const Layer &known : network.layers)
        for (const SlotQuantizer &slot : known.slots)
            if (slot.tensor && slot.quantizer && isFloating(slot.tensor->dtype)
                && (dtypeBits(slot.tensor->dtype) == 16 || dtypeBits(slot.tensor->dtype) == 64) && ++count == 1) {
                first = &slot;
                layer = known.id;
            }
    if (first != nullptr)
        network.diagnostics.push_back({"precision-converted", Severity::Note, {layer, first->slot},
            fmt::format("{}{} stored as {}: codes are computed in float32 and may differ from the original run",
                first->tensorName, count == 1 ? " is" : fmt::format(" and {} more quantized tensors are", count - 1),
                dtypeName(first->tensor->dtype))});
}

} // namespace

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
    if (!network.recipe.brevitas && (!network.recipe.empty() || network.dialect == Dialect::BrevitasStateDict))
        network.diagnostics.push_back({"version-assumed", Severity::Note, "",
            fmt::format("{} no Brevitas version: 0.10.2 is assumed",
                network.recipe.empty() ? "a state_dict says" : "the recipe names")});
    noteOtherPrecision(network);
}

} // namespace quantscope
