#pragma once

#include "network/network.h"

#include <string>
#include <string_view>

namespace quantscope {

constexpr std::string_view kRecipeName = "recipe.toml";

/// The recipe that the codes of a network follow from, as an export writes it beside them: opening the model with it
/// gives the same codes.
struct RecipeInForce {
    std::string text; ///< what recipe.toml holds; empty for a file that says its quantizers itself
    std::string sha256; ///< of the text
    bool edited = false; ///< no file of the user's says this
    std::string takenFrom; ///< exports beside the checkpoint that it follows from; empty for one that somebody wrote
};

/// The bytes of the recipe's file as long as they say what is in force, else the recipe with its edits. The recipe.toml
/// of an earlier export is no file of the user's: what was edited then still is.
RecipeInForce recipeInForce(const Network &network);

} // namespace quantscope
