#pragma once

#include "open/open_network.h"

#include <memory>
#include <string>

namespace quantscope {

/// A file and its recipe with the layers listed: what the first worker delivers.
struct ListedModel {
    OpenedModel opened;
    std::string recipeText; ///< of the recipe's file; empty without one
    std::shared_ptr<const Network> network;
};

/// The same with its exports and quantizers.
struct RecoveredModel {
    OpenedModel opened;
    std::shared_ptr<const Network> network;
};

// For workers. Errors as OpenedModel has them.

/// `part` is the set of weights that is shown, where the file has it; empty: the file's own.
Result<std::shared_ptr<const ListedModel>> openAndList(
    const std::string &path, const std::string &part, const RecipeSource &source, const Progress &progress);
Result<std::shared_ptr<const RecoveredModel>> recoverOpened(const OpenedModel &opened, const Progress &progress);
/// Under an edited recipe; the proofs that the edit leaves behind are not in the network's recipe any more.
Result<std::shared_ptr<const RecoveredModel>> recoverEdited(
    const OpenedModel &opened, const Recipe &recipe, const Network &previous, const Progress &progress);

} // namespace quantscope
