#include "dialects/brevitas/choice_patterns.h"

#include "base/name_path.h"
#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/state_dict.h"
#include "network/network.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace quantscope {

namespace {

/// A slot that a pattern of a recipe reaches. Patterns do not see what torch.compile and DataParallel put into names.
struct Reached {
    std::string name; ///< without wrappers
    bool chosen = false;
};

/// Layers whose slot is read or given, or rests on the same parameter.
std::unordered_set<std::string> sharingLayers(const Network &network)
{
    std::unordered_set<std::string> sharing;
    std::map<std::size_t, const Layer *> byScale;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!slot.sharedWith.empty()) {
                sharing.insert(layer.name);
                sharing.insert(slot.sharedWith.substr(0, slot.sharedWith.rfind(':')));
            }
            if (!slot.storedScale)
                continue;
            const auto [first, isFirst] = byScale.emplace(*slot.storedScale, &layer);
            if (!isFirst) {
                sharing.insert(first->second->name);
                sharing.insert(layer.name);
            }
        }
    return sharing;
}

std::unordered_set<std::string> batchNorms(const Network &network)
{
    std::unordered_set<std::string> names;
    for (const StateLayer &state : groupStateDict(*network.file).layers)
        if (state.batchNorm)
            names.insert(state.name);
    return names;
}

class Cover {
public:
    Cover(const Network &network, const std::vector<SlotChoice> &choices)
        : m_choices(choices)
        , m_batchNorms(batchNorms(network))
    {
        std::unordered_set<std::string_view> chosen;
        for (const SlotChoice &choice : choices)
            chosen.insert(choice.layer);
        for (const Layer &layer : network.layers)
            if (layer.slot(choices.front().slot) != nullptr && !m_batchNorms.contains(layer.name))
                m_reached.push_back({withoutWrappers(layer.name), chosen.contains(layer.name)});
        std::ranges::sort(m_reached, {}, &Reached::name);
        m_before.push_back(0);
        for (const Reached &slot : m_reached)
            m_before.push_back(m_before.back() + (slot.chosen ? 1u : 0u));
    }

    CoveredChoices covered(const Network &network)
    {
        const std::unordered_set<std::string> sharing = sharingLayers(network);
        CoveredChoices out;
        std::set<std::string> patterns;
        for (const SlotChoice &choice : m_choices) {
            const std::string pattern = patternFor(withoutWrappers(choice.layer));
            if (!pattern.empty() && patterns.insert(pattern).second) {
                out.patterns.push_back(choice);
                out.patterns.back().layer = pattern;
            }
            if (pattern.empty() || sharing.contains(choice.layer) || needsName(network, choice))
                out.alone.push_back(choice);
        }
        return out;
    }

private:
    /// How many slots begin with a prefix, and how many of them are chosen.
    std::pair<std::size_t, std::size_t> count(std::string_view prefix) const
    {
        const auto cut = [&](const Reached &slot) { return std::string_view(slot.name).substr(0, prefix.size()); };
        const auto range = std::ranges::equal_range(m_reached, prefix, {}, cut);
        const auto first = static_cast<std::size_t>(range.begin() - m_reached.begin()), last = first + range.size();
        return {range.size(), m_before[last] - m_before[first]};
    }

    /// The shortest that reaches chosen slots alone; empty where only the name does.
    std::string patternFor(const std::string &name) const
    {
        std::vector<std::size_t> ends = branchEnds(name);
        ends.insert(ends.begin(), 0);
        for (const std::size_t end : ends) {
            const auto [all, chosen] = count(std::string_view(name).substr(0, end));
            if (all == chosen && all > 1)
                return globEscape(name.substr(0, end)) + "*";
        }
        return {};
    }

    bool needsName(const Network &network, const SlotChoice &choice) const
    {
        if (m_batchNorms.contains(choice.layer))
            return true;
        const Layer *layer = layerNamed(network, choice.layer);
        const SlotQuantizer *slot = layer != nullptr ? layer->slot(choice.slot) : nullptr;
        if (slot == nullptr || (slot->slot == Slot::Weight && slot->shape.size() < 2))
            return true;
        return std::ranges::any_of(choice.overrides, [&](const auto &given) {
            return !keywordWithoutEffect(choice.preset.empty() ? slot->preset : choice.preset, given.first).empty();
        });
    }

    const Layer *layerNamed(const Network &network, const std::string &name) const
    {
        if (m_layers.empty())
            for (const Layer &layer : network.layers)
                m_layers.emplace(layer.name, &layer);
        const auto found = m_layers.find(name);
        return found == m_layers.end() ? nullptr : found->second;
    }

    const std::vector<SlotChoice> &m_choices;
    std::unordered_set<std::string> m_batchNorms; ///< patterns do not reach them
    std::vector<Reached> m_reached; ///< by name
    std::vector<std::size_t> m_before; ///< of each: those before it that are chosen
    mutable std::unordered_map<std::string_view, const Layer *> m_layers;
};

/// Everything that an entry says, but of which layer. Slots that patterns do not make where there are none, and words
/// that are no one else's, are told by others.
using Words = std::tuple<Slot, bool, std::string, std::vector<std::pair<std::string, std::string>>,
    std::optional<std::string>, std::optional<double>, std::optional<double>, std::optional<bool>>;

std::optional<Words> wordsForSeveral(const RecipeQuantizer &entry)
{
    const Slot slot = entry.slot.value_or(Slot::Trunc);
    const bool several = slot == Slot::Weight || slot == Slot::Bias || slot == Slot::Act;
    if (!several || !entry.preset || entry.ownClass || entry.sharedWith || entry.scaleSharedWith
        || entry.thresholdSharedWith)
        return std::nullopt;
    return Words{slot, entry.assumed, *entry.preset, entry.overrides, entry.input, entry.inputScale,
        entry.inputBitWidth, entry.inputSigned};
}

/// In the place of entries that say the same of single layers, those by pattern that reach no other slot.
std::vector<RecipeQuantizer> byPattern(const std::vector<RecipeQuantizer> &same, const Network &network)
{
    std::vector<SlotChoice> choices;
    for (const RecipeQuantizer &entry : same)
        choices.push_back({globName(entry.match), *entry.slot, *entry.preset, entry.overrides});
    const CoveredChoices covered = coverChoices(network, choices);
    std::vector<RecipeQuantizer> out;
    for (const SlotChoice &pattern : covered.patterns)
        out.emplace_back(same.front()).match = pattern.layer;
    for (const SlotChoice &choice : covered.alone)
        out.emplace_back(same.front()).match = globEscape(choice.layer);
    return out;
}

/// Looks at the whole network for each group, which must end where thousands of layers say as many things.
constexpr std::size_t kLayersLookedAt = 1u << 21;

} // namespace

CoveredChoices coverChoices(const Network &network, const std::vector<SlotChoice> &choices)
{
    if (choices.size() < 2 || network.file == nullptr)
        return {{}, choices};
    return Cover(network, choices).covered(network);
}

std::vector<RecipeQuantizer> gatheredByPattern(const std::vector<RecipeQuantizer> &entries, const Network &network)
{
    std::map<Words, std::size_t> positions;
    std::vector<std::vector<RecipeQuantizer>> groups;
    for (const RecipeQuantizer &entry : entries) {
        const auto words = wordsForSeveral(entry);
        const auto [found, isNew]
            = words ? positions.try_emplace(*words, groups.size()) : std::pair(positions.end(), true);
        if (isNew)
            groups.emplace_back();
        groups[words ? found->second : groups.size() - 1].push_back(entry);
    }
    std::vector<RecipeQuantizer> gathered;
    std::size_t lookedAt = 0;
    for (const std::vector<RecipeQuantizer> &same : groups) {
        const bool several = same.size() > 1 && lookedAt < kLayersLookedAt;
        lookedAt += several ? network.layers.size() : 0;
        for (const RecipeQuantizer &entry : several ? byPattern(same, network) : same)
            gathered.push_back(entry);
    }
    return gathered;
}

} // namespace quantscope
