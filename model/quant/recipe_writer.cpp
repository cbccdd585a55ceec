#include "base/text.h"
#include "quant/network.h"
#include "quant/presets.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A TOML basic string (TOML 1.0).
std::string quoted(const std::string &text)
{
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else
            out += byte < 0x20 || byte == 0x7F ? fmt::format("\\u{:04X}", byte) : std::string(1, c);
    }
    return out + "\"";
}

/// An override as TOML: numbers, truth values and lists as they are, words in quotes.
std::string tomlValue(const std::string &text)
{
    if (text == "true" || text == "false" || text.starts_with("["))
        return text;
    const bool number = !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string::npos
        && text.find_first_of("0123456789") != std::string::npos;
    return number ? text : quoted(text);
}

std::string entry(const Layer &layer, const SlotQuantizer &slot, const RecipeQuantizer *given)
{
    std::string out = fmt::format("\n[[quantizer]]{}\nmatch = {}\nslot = {}\n", slot.assumed ? " # assumed" : "",
        quoted(layer.name), quoted(slot.slot));
    if (!slot.sharedWith.empty())
        out += fmt::format("shared_with = {}\n", quoted(slot.sharedWith));
    else
        out += fmt::format("preset = {}\n", quoted(slot.preset));
    if (slot.sharedWith.empty())
        for (const auto &[keyword, text] : slot.overrides)
            out += fmt::format("{} = {}\n", keyword, tomlValue(text));
    if (!slot.input.empty())
        out += fmt::format("input = {}\n", quoted(slot.input));
    if (given != nullptr && given->inputScale)
        out += fmt::format("input_scale = {}\n", shortest(*given->inputScale));
    if (given != nullptr && given->inputBitWidth)
        out += fmt::format("input_bit_width = {}\n", shortest(*given->inputBitWidth));
    if (given != nullptr && given->inputSigned)
        out += fmt::format("input_signed = {}\n", *given->inputSigned);
    if (!slot.alternatives.empty() && slot.assumed)
        out += fmt::format("# fits as well: {}\n", fmt::join(slot.alternatives, ", "));
    return out;
}

/// The last entry of the recipe that gave input numbers to a slot.
const RecipeQuantizer *inputEntry(const Recipe &recipe, const Layer &layer, const SlotQuantizer &slot)
{
    const RecipeQuantizer *found = nullptr;
    for (const RecipeQuantizer &candidate : recipe.quantizers)
        if ((candidate.slot.empty() || candidate.slot == slot.slot) && globMatch(candidate.match, layer.name)
            && (candidate.inputScale || candidate.inputBitWidth || candidate.inputSigned))
            found = &candidate;
    return found;
}

} // namespace

std::string recipeToml(const Network &network)
{
    const bool fromFile = network.file->graph.has_value();
    std::string out
        = fmt::format("# Quantizers of {}\n", network.file->path.substr(network.file->path.find_last_of('/') + 1));
    if (fromFile)
        return out
            + fmt::format("# Everything was read from the {} file itself; it needs no recipe.\n", network.dialect);
    out += network.recipe.brevitas ? fmt::format("brevitas = {}\n", quoted(*network.recipe.brevitas))
                                   : "brevitas = \"0.10.2\" # assumed\n";
    for (const RecipeLayer &layer : network.recipe.layers) {
        out += fmt::format("\n[[layer]]\nmatch = {}\n", quoted(layer.match));
        if (layer.kind)
            out += fmt::format("kind = {}\n", quoted(*layer.kind));
        if (layer.groups)
            out += fmt::format("groups = {}\n", *layer.groups);
        if (layer.stride)
            out += fmt::format("stride = {}\n", *layer.stride);
        if (layer.batchNorm)
            out += fmt::format("batch_norm = {}\n", quoted(*layer.batchNorm));
        if (layer.epsilon)
            out += fmt::format("epsilon = {}\n", shortest(*layer.epsilon));
    }
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (!slot.preset.empty() || !slot.sharedWith.empty())
                out += entry(layer, slot, inputEntry(network.recipe, layer, slot));
    return out;
}

} // namespace quantscope
