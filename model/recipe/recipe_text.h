#pragma once

#include "base/error.h"
#include "recipe/recipe.h"

#include <string>
#include <string_view>

namespace quantscope {

/// The text of the recipe's file with the edits in it: touched entries change in place key by key, new ones stand at
/// the end, comments, order and line ends stay. `text` is what `recipe` was read from. Errors (Usage): the text is not
/// that recipe, or the result would not read back as `recipe`.
Result<std::string> editedToml(std::string_view text, const Recipe &recipe);

} // namespace quantscope
