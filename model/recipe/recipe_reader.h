#pragma once

#include "base/error.h"
#include "base/limits.h"
#include "recipe/recipe.h"

#include <string>
#include <string_view>

namespace quantscope {

/// Reads a recipe in a dialect's words. Errors (Usage, with line and column): not TOML, an unknown key, slot, preset or
/// override; the nearest known word is named. Io when it cannot be read.
Result<Recipe> readRecipeFile(const std::string &path, const RecipeWords &words, const Limits &limits = {});
Result<Recipe> readRecipe(std::string_view text, const std::string &path, const RecipeWords &words);

} // namespace quantscope
