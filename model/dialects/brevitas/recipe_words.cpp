#include "dialects/brevitas/recipe_words.h"

#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/version.h"
#include "network/layer_kinds.h"
#include "recipe/recipe_reader.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

using Problem = std::optional<std::string>;

Problem versionProblem(const std::string &version)
{
    return brevitasVersion(version) ? Problem()
                                    : fmt::format("brevitas = \"{}\" is not a version from 0.6.0 to 0.12.1", version);
}

Problem presetProblem(const std::string &name)
{
    if (findPreset(name) != nullptr || name == "None" || isLabQuantizer(name))
        return std::nullopt;
    std::vector<std::string> known = presetNames();
    for (std::string &lab : labQuantizerNames())
        known.push_back(std::move(lab));
    return fmt::format("\"{}\" is not a preset of Brevitas", name) + didYouMean(name, known);
}

Problem slotProblem(const std::string &name, Slot slot)
{
    const Preset *preset = findPreset(name);
    if (preset == nullptr || preset->slot == presetSlot(slot))
        return std::nullopt;
    return fmt::format("{} is a {} preset and cannot stand in slot \"{}\"", name, preset->slot, slot);
}

Problem kindProblem(const std::string &kind)
{
    return findLayerKind(kind) != nullptr
        ? Problem()
        : fmt::format("\"{}\" is not a kind of layer", kind) + didYouMean(kind, layerKindNames());
}

constexpr RecipeWords kWords = {versionProblem, presetProblem, slotProblem, kindProblem,
    [](std::string_view keyword) { return findOverride(keyword) != nullptr; }, overrideNames};

} // namespace

const RecipeWords &brevitasWords() { return kWords; }

Result<Recipe> loadRecipe(const std::string &path, const Limits &limits)
{
    return readRecipeFile(path, kWords, limits);
}

Result<Recipe> parseRecipe(std::string_view text, const std::string &path) { return readRecipe(text, path, kWords); }

} // namespace quantscope
