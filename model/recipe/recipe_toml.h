#pragma once

#include "recipe/recipe.h"

#include <string>
#include <utility>
#include <vector>

namespace quantscope {

/// A TOML basic string with its quotes (TOML 1.0).
std::string tomlString(const std::string &text);

/// A keyword's value as TOML: numbers, truth values and lists bare, words in quotes.
std::string tomlValue(const std::string &text);

/// Key and value, both as they stand in TOML.
using TomlKeys = std::vector<std::pair<std::string, std::string>>;

/// What an entry says, in the order that a recipe is written in. `match` is always among them.
TomlKeys tomlKeys(const RecipeQuantizer &entry);
TomlKeys tomlKeys(const RecipeLayer &entry);
TomlKeys tomlKeys(const RecipeProof &proof);

/// [checks] as it stands at the end of a recipe; empty where nothing is muted.
std::string checksToml(const Recipe &recipe);
/// "[\"zero-point\", \"saturated:conv*\"]".
std::string tomlTexts(const std::vector<std::string> &texts);

/// The whole recipe in the form that its entries alone determine: equal texts say the same. Reads back as the recipe.
std::string recipeText(const Recipe &recipe);

} // namespace quantscope
