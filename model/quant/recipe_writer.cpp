#include "base/text.h"
#include "quant/network.h"
#include "quant/recipe_toml.h"
#include "quant/spec.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string written(const char *heading, const TomlKeys &keys)
{
    std::string out = fmt::format("\n[[{}]]\n", heading);
    for (const auto &[key, value] : keys)
        out += fmt::format("{} = {}\n", key, value);
    return out;
}

/// What is in force for one slot, as one entry that says all of it.
RecipeQuantizer inForce(const Recipe &recipe, const Layer &layer, const SlotQuantizer &slot)
{
    RecipeQuantizer entry;
    entry.match = layer.name;
    entry.slot = slot.slot;
    if (slot.sharedWith.empty()) {
        entry.preset = slot.preset;
        entry.overrides = slot.overrides;
    } else {
        entry.sharedWith = slot.sharedWith;
    }
    if (!slot.input.empty())
        entry.input = slot.input;
    const SlotSettings settings = settingsFor(recipe, layer.name, slot.slot);
    entry.inputScale = settings.inputScale;
    entry.inputBitWidth = settings.inputBitWidth;
    entry.inputSigned = settings.inputSigned;
    return entry;
}

std::string quantizerText(const Recipe &recipe, const Layer &layer, const SlotQuantizer &slot)
{
    std::string out = written("quantizer", tomlKeys(inForce(recipe, layer, slot)));
    if (!slot.assumed)
        return out;
    out.insert(out.find("]]") + 2, " # assumed");
    return slot.alternatives.empty() ? out
                                     : out + fmt::format("# fits as well: {}\n", fmt::join(slot.alternatives, ", "));
}

} // namespace

std::string recipeToml(const Network &network)
{
    std::string out
        = fmt::format("# Quantizers of {}\n", printable(network.file->path.substr(network.file->path.find_last_of('/') + 1)));
    if (network.file->graph.has_value())
        return out
            + fmt::format("# Everything was read from the {} file itself; it needs no recipe.\n", network.dialect);
    out += network.recipe.brevitas ? fmt::format("brevitas = {}\n", tomlString(*network.recipe.brevitas))
                                   : "brevitas = \"0.10.2\" # assumed\n";
    for (const RecipeLayer &layer : network.recipe.layers)
        out += written("layer", tomlKeys(layer));
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (!slot.preset.empty() || !slot.sharedWith.empty())
                out += quantizerText(network.recipe, layer, slot);
    return out;
}

} // namespace quantscope
