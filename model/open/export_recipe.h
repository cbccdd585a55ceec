#pragma once

#include "base/progress.h"
#include "open/match_export.h"

#include <memory>
#include <optional>
#include <span>

namespace quantscope {

/// A recipe that exports beside a checkpoint prove: each of its entries gives what they say, scale for scale and code
/// for code. An entry of which they leave something open is marked as assumed.
struct TakenRecipe {
    Recipe recipe; ///< its `takenFrom` names the exports
    std::size_t settled = 0; ///< quantizers of which nothing is open
    std::size_t partly = 0; ///< that agree, with some field open
    std::size_t quantizers = 0; ///< that the exports have
};

/// Tries the settings of Brevitas, version by version, until the arithmetic gives the exports' numbers from the
/// checkpoint's. Only exports of the same network, by the values of their weights, are asked; nullopt when they settle
/// no weight. Errors: Cancelled, and Parse where the checkpoint's own tensors cannot be read.
Result<std::optional<TakenRecipe>> recipeFromExports(const std::shared_ptr<const ModelFile> &file,
    std::span<const MatchedExport> exports, const Progress &progress = {});

} // namespace quantscope
