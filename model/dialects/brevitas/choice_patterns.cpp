#include "dialects/brevitas/choice_patterns.h"

#include "base/name_path.h"
#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/state_dict.h"
#include "network/network.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <map>
#include <set>
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

} // namespace

CoveredChoices coverChoices(const Network &network, const std::vector<SlotChoice> &choices)
{
    if (choices.size() < 2 || network.file == nullptr)
        return {{}, choices};
    return Cover(network, choices).covered(network);
}

} // namespace quantscope
