#include "dialects/brevitas/recover_state_dict.h"

#include "base/text.h"
#include "dialects/brevitas/activation_rules.h"
#include "dialects/brevitas/assumed_presets.h"
#include "dialects/brevitas/batch_norm.h"
#include "dialects/brevitas/earlier_slots.h"
#include "dialects/brevitas/graph_hints.h"
#include "dialects/brevitas/other_parts.h"
#include "dialects/brevitas/parameter_notes.h"
#include "dialects/brevitas/proof_notes.h"
#include "dialects/brevitas/proofs.h"
#include "dialects/brevitas/resolve_slot.h"
#include "dialects/brevitas/scale_sharing.h"
#include "dialects/brevitas/spec.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Resolves the slots of a file, each after those that it follows from.
class Recovery {
public:
    Recovery(const BrevitasFacts &facts, const Network *previous, const Progress &progress)
        : m_facts(facts)
        , m_earlier(facts, previous)
        , m_progress(progress)
        , m_states(facts.slots.size(), State::Waiting)
        , m_resolved(facts.slots.size())
    {
    }

    /// Throws RecipeMismatch where slots follow from each other in a circle, or the recipe says what cannot be.
    const ResolvedSlot &resolved(SlotIndex index);
    std::vector<Diagnostic> takeDiagnostics() { return std::move(m_diagnostics); }

private:
    enum class State { Waiting, Busy, Done };

    ResolvedSlot takenOver(SlotIndex index, const SlotQuantizer &before);
    ResolvedSlot computed(SlotIndex index);
    void prove(SlotIndex index, ResolvedSlot &resolved) const;
    void tell(SlotIndex index, const ResolvedSlot &resolved);
    std::string absentLayer(const std::string &name);

    const BrevitasFacts &m_facts;
    EarlierSlots m_earlier;
    const Progress &m_progress;
    std::vector<State> m_states;
    std::vector<ResolvedSlot> m_resolved;
    std::vector<Diagnostic> m_diagnostics;
    static constexpr int kMostSuggestions = 20; ///< each compares a name with all others
    int m_suggested = 0;
    static constexpr int kDeepest
        = 256; ///< slots that follow each from the next: each is resolved within the one before
    int m_depth = 0;
};

const ResolvedSlot &Recovery::resolved(SlotIndex index)
{
    if (m_states[index] == State::Done)
        return m_resolved[index];
    if (m_states[index] == State::Busy)
        throw RecipeMismatch(fmt::format("the quantizer of {} {} depends on itself through input or shared_with",
            m_facts.layerOf(index).name, m_facts.slotOf(index).slot));
    if (m_depth == kDeepest)
        throw RecipeMismatch(fmt::format("the quantizer of {} {} is the end of a chain of more than {} that follow "
                                         "each from the next through input or shared_with",
            m_facts.layerOf(index).name, m_facts.slotOf(index).slot, kDeepest));
    m_states[index] = State::Busy;
    ++m_depth;
    if (const SlotQuantizer *before = m_earlier.find(index))
        m_resolved[index] = takenOver(index, *before);
    else
        m_resolved[index] = computed(index);
    --m_depth;
    m_states[index] = State::Done;
    return m_resolved[index];
}

ResolvedSlot Recovery::takenOver(SlotIndex index, const SlotQuantizer &before)
{
    std::ranges::move(m_earlier.warningsOf(index), std::back_inserter(m_diagnostics));
    ResolvedSlot out{before, m_facts.slots[index].settings, false, {}, {}};
    out.settings.preset = before.preset;
    out.settings.overrides = before.overrides;
    out.presetDecided = makeSpec(out.settings, m_facts.version).has_value();
    return out;
}

ResolvedSlot Recovery::computed(SlotIndex index)
{
    SlotContext context;
    context.quantizerOf = [this](SlotIndex other) -> const SlotQuantizer & { return resolved(other).slot; };
    if (const auto owner = m_facts.slots[index].owner)
        context.owner = &resolved(*owner);
    context.progress = m_progress;
    ResolvedSlot out = resolveSlot(m_facts, index, m_facts.slots[index].settings, context);
    prove(index, out);
    tell(index, out);
    return out;
}

/// A tensor that cannot be read is a failure of its slot.
void Recovery::prove(SlotIndex index, ResolvedSlot &resolved) const
{
    try {
        compareWithProof(m_facts, index, resolved, m_progress);
        const SlotQuantizer &slot = resolved.slot;
        const bool settled = slot.proof == ProofVerdict::Confirmed && slot.quantizer->origin.contains("scale")
            && slot.quantizer->origin.at("scale").origin != Origin::Assumed;
        if (settled) // so is which of two readings of one storage holds
            std::erase_if(resolved.warnings, [](const SlotWarning &warning) { return warning.rule == kScaleShared; });
    } catch (const ParseError &error) {
        if (!resolved.failure)
            resolved.failure = SlotFailure{"tensor-unreadable", error.what()};
    }
}

void Recovery::tell(SlotIndex index, const ResolvedSlot &resolved)
{
    const Layer &layer = m_facts.layerOf(index);
    const Subject subject(layer.id, resolved.slot.slot);
    const auto about
        = [&](const std::string &text) { return fmt::format("{} {}: {}", layer.name, resolved.slot.slot, text); };
    for (const SlotWarning &warning : resolved.warnings)
        m_diagnostics.push_back({warning.rule, warning.rule == kOnGrid ? Severity::Note : Severity::Warning, subject,
            about(warning.text) + (warning.rule == kNeverCalibrated ? absentLayer(layer.name) : "")});
    if (!resolved.failure)
        return;
    switch (resolved.failure->reach) {
    case SlotFailure::Reach::Cancelled: throw CancelledError();
    case SlotFailure::Reach::Recipe: throw RecipeMismatch(resolved.failure->text);
    case SlotFailure::Reach::Slot:
        m_diagnostics.push_back({resolved.failure->rule, Severity::Error, subject, about(resolved.failure->text)});
    }
}

/// For a layer that only the recipe has: a misspelt name adds one.
std::string Recovery::absentLayer(const std::string &name)
{
    if (m_facts.dict.layer(name) != nullptr)
        return {};
    std::vector<std::string> names;
    if (m_suggested++ < kMostSuggestions)
        for (const auto &[known, position] : m_facts.dict.positions)
            names.push_back(known);
    return fmt::format("; \"{}\" is not in the file{}", name, didYouMean(name, names));
}

/// A wildcard also reaches the weights of layer norms and PReLUs, which few people mean to quantize.
void noteVectors(Network &network, const BrevitasFacts &facts)
{
    std::vector<const Layer *> layers;
    for (SlotIndex i = 0; i < facts.slots.size(); ++i) {
        const Layer &layer = network.layers[facts.slots[i].layer];
        const SlotQuantizer &slot = layer.slots[facts.slots[i].slot];
        const bool vector = slot.slot == Slot::Weight && slot.shape.size() < 2 && slot.quantizer && !facts.keysOf(i)
            && !(slot.tensor && slot.tensor->affine);
        if (vector && std::ranges::none_of(network.recipe.quantizers, [&](const RecipeQuantizer &entry) {
                return namesLayer(entry.match, layer.name);
            }))
            layers.push_back(&layer);
    }
    if (layers.empty())
        return;
    network.diagnostics.push_back({"vector-quantized", Severity::Note, {layers.front()->id, Slot::Weight},
        fmt::format("a wildcard of the recipe quantizes the weight{} of {}{}, which {} one axis (layer norms, PReLU?): "
                    "preset = \"None\" leaves such a weight as it is",
            layers.size() == 1 ? "" : "s", layers.front()->name,
            layers.size() == 1 ? "" : fmt::format(" and {} more layers", layers.size() - 1),
            layers.size() == 1 ? "has" : "have")});
}

/// Files of 2019 and 2020 do not say what their thresholds are.
void noteKeysBefore06(Network &network)
{
    const SlotQuantizer *first = nullptr;
    LayerId layer{};
    std::size_t count = 0;
    for (const Layer &known : network.layers)
        for (const SlotQuantizer &slot : known.slots) {
            const auto *origin = slot.quantizer && slot.quantizer->origin.contains("scale")
                ? &slot.quantizer->origin.at("scale")
                : nullptr;
            if (origin == nullptr || origin->detail.find(kLogBefore06) == std::string::npos || ++count > 1)
                continue;
            first = &slot;
            layer = known.id;
        }
    if (first != nullptr)
        network.diagnostics.push_back({"keys-before-0.6", Severity::Warning, {layer, first->slot},
            fmt::format("the keys of {} {}{} are those of Brevitas before 0.6, whose thresholds were logarithms unless "
                        "the model said otherwise: they are read so; restrict_scaling_type in a recipe settles it",
                network.layer(layer).name, first->slot, count == 1 ? "" : fmt::format(" and {} more", count - 1))});
}

void noteAssumedVersion(Network &network)
{
    if (network.recipe.brevitas && isNewerThanKnown(*network.recipe.brevitas))
        network.diagnostics.push_back({"version-newer", Severity::Warning, "",
            fmt::format("Brevitas {} is newer than {}, the newest that is known: its rules are taken",
                *network.recipe.brevitas, versionText(kNewestVersion))});
    if (!network.recipe.brevitas && (!network.recipe.empty() || network.dialect == Dialect::BrevitasStateDict))
        network.diagnostics.push_back({"version-assumed", Severity::Note, "",
            fmt::format("{} no Brevitas version: 0.10.2 is assumed",
                network.recipe.empty() ? "a state_dict says" : "the recipe names")});
}

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

/// The value of a result whose error is one of the recipe.
template <class T> T expected(Result<T> result)
{
    if (!result)
        throw RecipeMismatch(result.error().message);
    return std::move(*result);
}

/// Computed tensors of an earlier recovery of the same file: equal, so that what was found out about them stays.
void takeComputed(Network &network, const Network *previous)
{
    if (previous == nullptr || previous->file != network.file)
        return;
    std::map<std::string_view, const Layer *> before;
    for (const Layer &layer : previous->layers)
        before.emplace(layer.name, &layer);
    for (Layer &layer : network.layers)
        for (SlotQuantizer &slot : layer.slots) {
            const auto found = slot.computed.empty() ? before.end() : before.find(layer.name);
            if (found == before.end() || found->second->batchNormMerged)
                continue;
            const SlotQuantizer *same = found->second->slot(slot.slot);
            if (same != nullptr && same->computed == slot.computed)
                slot.tensor = same->tensor;
        }
}

/// The facts of a listed network, which gets what the hints tell of its layers and what is merged into them.
BrevitasFacts factsOf(Network &network, const RecoverHints &hints)
{
    StateDict dict = groupStateDict(*network.file);
    takeComputed(network, hints.previous);
    if (hints.graph != nullptr)
        takeGraphHints(network, dict, *hints.graph);
    MergedLayers merged
        = expected(mergeBatchNorms(std::move(network.layers), *network.file, dict, network.recipe, hints.previous));
    network.layers = std::move(merged.layers);
    std::ranges::move(merged.notes, std::back_inserter(network.diagnostics));
    BrevitasFacts facts = expected(gatherFacts(network, std::move(dict)));
    facts.exported = hints.graph;
    return facts;
}

} // namespace

void noteAssumedPresets(Network &network)
{
    constexpr std::string_view kRule = "preset-assumed";
    std::size_t assumed = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            assumed += slot.presetAssumed ? 1u : 0u;
    auto &diagnostics = network.diagnostics;
    const auto said = std::ranges::find(diagnostics, kRule, &Diagnostic::rule);
    if (assumed == 0) {
        if (said != diagnostics.end())
            diagnostics.erase(said);
        return;
    }
    Diagnostic &note
        = said != diagnostics.end() ? *said : diagnostics.emplace_back(std::string(kRule), Severity::Warning);
    note.text = fmt::format(
        "a state_dict does not say its quantizers: {} are shown under assumed presets; a recipe settles them", assumed);
}

void recoverStateDict(Network &network, const Progress &progress, const RecoverHints &hints)
{
    const BrevitasFacts facts = factsOf(network, hints);
    Recovery recovery(facts, hints.previous, progress);
    for (SlotIndex i = 0; i < facts.slots.size(); ++i)
        network.layers[facts.slots[i].layer].slots[facts.slots[i].slot] = recovery.resolved(i).slot;
    std::ranges::move(recovery.takeDiagnostics(), std::back_inserter(network.diagnostics));
    contradictSharers(network, facts);
    noteProofs(network, facts);
    noteVectors(network, facts);
    noteParameters(network, facts);
    noteAssumedPresets(network);
    noteAssumedVersion(network);
    noteKeysBefore06(network);
    noteOtherPrecision(network);
    compareOtherParts(network, hints.previous, progress);
}

} // namespace quantscope
