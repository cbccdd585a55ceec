#include "export/recipe_in_force.h"

#include "base/file_name.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/text.h"
#include "export/earlier_manifest.h"
#include "export/manifest_entries.h"
#include "export/text_file.h"
#include "recipe/recipe_reader.h"
#include "recipe/recipe_toml.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

std::string hashOf(const std::string &text) { return sha256(std::as_bytes(std::span(text))); }

bool isEdited(const Recipe &recipe)
{
    const bool written = recipe.takenFrom.empty(); // what follows from an export has no lines
    const auto edited = [&](const auto &entry) { return entry.edited || (written && entry.line == 0); };
    return std::any_of(recipe.layers.begin(), recipe.layers.end(), edited)
        || std::any_of(recipe.quantizers.begin(), recipe.quantizers.end(), edited);
}

/// The text says what the recipe says: it was read from it, or the edits are in it by now.
bool holds(const std::string &text, const std::string &hash, const Recipe &recipe)
{
    if (!isEdited(recipe) && hash == recipe.sha256)
        return true;
    if (recipe.words == nullptr)
        return false;
    const auto read = readRecipe(text, recipe.path, *recipe.words);
    return read && recipeText(*read) == recipeText(recipe);
}

/// An export wrote this file, of a recipe that was edited and not saved.
bool isOfAnEditedExport(const std::string &path, const std::string &hash)
{
    if (fileName(path) != kRecipeName)
        return false;
    std::vector<std::string> ignored;
    const auto manifest = earlierManifest(std::filesystem::path(path).parent_path().string(), ignored);
    if (!manifest.is_object() || !manifest["source"].is_object())
        return false;
    const auto edited = manifest["source"].find("recipe_edited");
    return edited != manifest["source"].end() && *edited == true && textOf(manifest["source"], "recipe_sha256") == hash;
}

/// A recipe that says nothing: what a state_dict leaves open is assumed again.
std::string nothingGiven(const Network &network)
{
    return fmt::format("# No recipe was given for {}: what it does not say of its quantizers is assumed.\n",
        printable(fileName(network.file->path)));
}

} // namespace

RecipeInForce recipeInForce(const Network &network)
{
    const Recipe &recipe = network.recipe;
    const bool ofAFile = network.file && !network.file->path.empty();
    if (traitsOf(network.dialect).saysItself)
        return {};
    if (recipe.path.empty() && recipe.empty()) {
        if (!ofAFile || !recipe.sha256.empty())
            return {{}, recipe.sha256, false, {}};
        const std::string text = nothingGiven(network);
        return {text, hashOf(text), false, {}};
    }
    if (const auto text = recipe.path.empty() ? std::nullopt : textOfFile(recipe.path, Limits{}.recipeBytes)) {
        const std::string hash = hashOf(*text);
        if (holds(*text, hash, recipe))
            return {*text, hash, isOfAnEditedExport(recipe.path, hash), {}};
    }
    const std::string text = recipeText(recipe);
    return {text, hashOf(text), recipe.takenFrom.empty() || isEdited(recipe), recipe.takenFrom};
}

} // namespace quantscope
