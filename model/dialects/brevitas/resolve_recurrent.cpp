#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/resolver.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The name above the last component, which `leaf` gets.
std::string_view parentOf(std::string_view name, std::string_view &leaf)
{
    const auto dot = name.rfind('.');
    leaf = name.substr(dot == std::string_view::npos ? 0 : dot + 1);
    return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

bool isNumber(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "lstm" of "lstm.layers.0.1", one direction of one layer of a QuantLSTM or QuantRNN.
std::optional<std::string> recurrentStack(std::string_view name)
{
    std::string_view direction, layer, layers;
    const std::string_view above = parentOf(parentOf(parentOf(name, direction), layer), layers);
    if (!isNumber(direction) || !isNumber(layer) || layers != "layers")
        return std::nullopt;
    return std::string(above);
}

/// A name for the quantizer that this slot of a recurrent layer shares with others, whatever the model's options
/// (nn/quant_rnn.py): both weights of a gate have one, and so have inputs and outputs of all layers and directions.
std::string sharedByConstruction(std::string_view layer, Slot slot)
{
    std::string_view leaf;
    const std::string_view above = parentOf(layer, leaf);
    if (slot == Slot::Weight && above.ends_with("gate_params") && (leaf == "input_weight" || leaf == "hidden_weight"))
        return std::string(above) + ":weight";
    const bool output = slot == Slot::Output && leaf == "cell";
    if (!output && slot != Slot::Io)
        return {};
    const auto stack = recurrentStack(output ? above : layer);
    return stack ? *stack + ":io" : std::string();
}

} // namespace

/// The recipe names this very slot and gives it a quantizer, or its tensor cannot share one.
bool Resolver::standsAlone(const Job &job) const
{
    const std::string &layer = layerOf(job).name;
    const Slot slot = slotOf(job).slot;
    const TensorInfo *tensor = slotOf(job).tensor.get();
    return !job.settings.sharedWith.empty() || isLabQuantizer(job.settings.preset)
        || (tensor != nullptr && tensor->affine)
        || std::ranges::any_of(m_network.recipe.quantizers, [&](const RecipeQuantizer &entry) {
               return entry.preset && globNames(entry.match, layer) && speaksOf(entry, layer, slot);
           });
}

/// What no recipe needs to say of an LSTM or RNN. The one that the recipe names is the owner, or the first.
void Resolver::shareByConstruction()
{
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < m_jobs.size(); ++i)
        if (const std::string name = sharedByConstruction(layerOf(m_jobs[i]).name, slotOf(m_jobs[i]).slot);
            !name.empty())
            groups[name].push_back(i);
    for (const auto &[name, members] : groups) {
        const auto named = std::ranges::find_if(
            members, [&](std::size_t i) { return m_jobs[i].settings.sharedWith.empty() && standsAlone(m_jobs[i]); });
        const auto owner = named != members.end()
            ? named
            : std::ranges::find_if(members, [&](std::size_t i) { return m_jobs[i].settings.sharedWith.empty(); });
        for (const std::size_t i : members)
            if (owner != members.end() && i != *owner && !standsAlone(m_jobs[i]))
                m_jobs[i].settings.sharedWith
                    = fmt::format("{}:{}", layerOf(m_jobs[*owner]).name, slotOf(m_jobs[*owner]).slot);
    }
}

/// The quantizer of what a gate's bias is added to.
std::optional<std::size_t> Resolver::gateInput(const Job &bias) const
{
    std::string_view leaf;
    const std::string_view direction = parentOf(layerOf(bias).name, leaf);
    return leaf.ends_with("gate_params") && recurrentStack(direction) ? findJob(std::string(direction), Slot::Io)
                                                                      : std::nullopt;
}

} // namespace quantscope
