#include "session/recipe_edits.h"

#include <algorithm>
#include <charconv>

namespace quantscope {

/// loadRecipe gives every entry its line; an edit has none.
static bool isEdit(const RecipeQuantizer &entry) { return entry.line == 0; }

Recipe withPreset(const Recipe &recipe, const std::string &layer, const std::string &slot, const std::string &preset)
{
    return withChoice(recipe, {layer, slot, preset, {}});
}

/// Keywords alone: into the slot's entry of an earlier edit, else into a new one without preset, which merges.
static Recipe withKeywords(const Recipe &recipe, const SlotChoice &choice)
{
    Recipe edited = recipe;
    auto entry = std::find_if(edited.quantizers.begin(), edited.quantizers.end(),
        [&](const RecipeQuantizer &e) { return isEdit(e) && e.match == choice.layer && e.slot == choice.slot; });
    if (entry == edited.quantizers.end()) {
        RecipeQuantizer added;
        added.match = choice.layer;
        added.slot = choice.slot;
        added.number = static_cast<int>(edited.quantizers.size()) + 1;
        entry = edited.quantizers.insert(edited.quantizers.end(), std::move(added));
    }
    for (const auto &keyword : choice.overrides) {
        std::erase_if(entry->overrides, [&](const auto &o) { return o.first == keyword.first; });
        entry->overrides.push_back(keyword);
    }
    return edited;
}

Recipe withChoice(const Recipe &recipe, const SlotChoice &choice)
{
    if (choice.preset.empty())
        return withKeywords(recipe, choice);
    const auto &[layer, slot, preset, overrides] = choice;
    Recipe edited = recipe;
    std::erase_if(edited.quantizers, [&](const RecipeQuantizer &entry) {
        return isEdit(entry) && entry.match == choice.layer && entry.slot == choice.slot;
    });
    RecipeQuantizer entry;
    entry.match = layer;
    entry.slot = slot;
    entry.preset = preset;
    entry.overrides = overrides;
    // A bias keeps what earlier entries say about its input: a preset entry replaces all of them.
    for (const RecipeQuantizer &other : recipe.quantizers)
        if (other.slot == slot && other.input && other.match == layer)
            entry.input = other.input;
    entry.number = static_cast<int>(edited.quantizers.size()) + 1;
    edited.quantizers.push_back(std::move(entry));
    return edited;
}

bool hasEdits(const Recipe &recipe) { return std::any_of(recipe.quantizers.begin(), recipe.quantizers.end(), isEdit); }

static std::string quoted(const std::string &text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

/// Numbers and truth values stand bare in TOML, everything else in quotes.
static std::string tomlValue(const std::string &value)
{
    if (value == "true" || value == "false")
        return value;
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool digits = value.find_first_not_of("0123456789.-e") == std::string::npos && !value.starts_with('.')
        && !value.ends_with('.');
    return error == std::errc() && end == value.data() + value.size() && digits ? value : quoted(value);
}

std::string addedToml(const Recipe &recipe)
{
    std::string text;
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        if (!isEdit(entry))
            continue;
        text += "\n[[quantizer]]\nmatch = " + quoted(entry.match) + "\nslot = " + quoted(entry.slot) + "\n";
        if (entry.preset)
            text += "preset = " + quoted(*entry.preset) + "\n";
        for (const auto &[keyword, value] : entry.overrides)
            text += keyword + " = " + tomlValue(value) + "\n";
        if (entry.input)
            text += "input = " + quoted(*entry.input) + "\n";
    }
    return text;
}

std::string savedToml(const Network &network, const std::string &fileText)
{
    if (network.recipe.path.empty() || fileText.empty())
        return recipeToml(network);
    return fileText + (fileText.ends_with('\n') ? "" : "\n") + addedToml(network.recipe);
}

} // namespace quantscope
