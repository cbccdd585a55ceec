#include "dialects/brevitas/recurrent_rules.h"

#include <algorithm>

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

} // namespace

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

std::optional<SlotIndex> gateInput(const BrevitasFacts &facts, const std::string &layer)
{
    std::string_view leaf;
    const std::string_view direction = parentOf(layer, leaf);
    return leaf.ends_with("gate_params") && recurrentStack(direction) ? facts.find(std::string(direction), Slot::Io)
                                                                      : std::nullopt;
}

} // namespace quantscope
