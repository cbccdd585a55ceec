#include "dialects/brevitas/recipe_words.h"

#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/overrides.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/version.h"
#include "network/layer_kinds.h"
#include "recipe/recipe_reader.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Problem = std::optional<std::string>;

Problem versionProblem(const std::string &version)
{
    if (isOlderThanKnown(version))
        return fmt::format(
            "brevitas = \"{}\" is older than the versions that are known, from 0.6.0 on: write brevitas = "
            "\"0.6.0\", whose rules come nearest; keys that older versions wrote are read by their names",
            version);
    return brevitasVersion(version)
        ? Problem()
        : fmt::format("brevitas = \"{}\" is not a version of Brevitas from 0.6.0 on, such as \"0.12.1\"", version);
}

/// What may stand in a slot; in any, without one.
std::vector<std::string> fittingNames(std::optional<Slot> slot)
{
    std::vector<std::string> names = presetNames(slot);
    std::ranges::move(solverNames(slot), std::back_inserter(names));
    if (!slot || *slot == Slot::Weight || *slot == Slot::Bias) // the lab's quantize tensors
        std::ranges::move(labQuantizerNames(), std::back_inserter(names));
    names.emplace_back("None");
    return names;
}

Problem presetProblem(const std::string &name, std::optional<Slot> slot)
{
    const Preset *preset = findPreset(name);
    if (preset != nullptr && slot && preset->slot != presetSlot(*slot))
        return fmt::format("{} is a {} preset and cannot stand in slot \"{}\"", name, preset->slot, *slot)
            + didYouMean(name, fittingNames(slot));
    if (preset != nullptr || name == "None" || isLabQuantizer(name))
        return std::nullopt;
    return fmt::format("\"{}\" is not a preset of Brevitas", name) + didYouMean(name, fittingNames(slot));
}

std::optional<std::string> keyword(std::string_view text)
{
    const Override *known = findOverride(text);
    return known == nullptr ? std::nullopt : std::optional(std::string(known->name));
}

Problem kindProblem(const std::string &kind)
{
    return findLayerKind(kind) != nullptr
        ? Problem()
        : fmt::format("\"{}\" is not a kind of layer", kind) + didYouMean(kind, layerKindNames());
}

constexpr RecipeWords kWords = {versionProblem, presetProblem, kindProblem, keyword, overrideNames};

} // namespace

const RecipeWords &brevitasWords() { return kWords; }

Result<Recipe> loadRecipe(const std::string &path, const Limits &limits)
{
    return readRecipeFile(path, kWords, limits);
}

Result<Recipe> parseRecipe(std::string_view text, const std::string &path) { return readRecipe(text, path, kWords); }

} // namespace quantscope
