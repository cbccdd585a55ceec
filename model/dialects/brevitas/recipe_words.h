#pragma once

#include "base/error.h"
#include "base/limits.h"
#include "recipe/recipe.h"

#include <string>
#include <string_view>

namespace quantscope {

/// The presets, keywords, versions and kinds of layers of Brevitas 0.6.0 to 0.12.1, and the lab's own names.
const RecipeWords &brevitasWords();

/// A recipe in Brevitas' words. Errors as readRecipe and readRecipeFile.
Result<Recipe> loadRecipe(const std::string &path, const Limits &limits = {});
Result<Recipe> parseRecipe(std::string_view text, const std::string &path);

} // namespace quantscope
