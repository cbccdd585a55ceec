#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "open/match_export.h"

#include <memory>
#include <span>

namespace quantscope {

/// The quantizers of a file under a recipe, where the exports beside it tell what feeds what. They confirm nothing:
/// that reads every code, and changes no number, only what is said of its origin. What the recipe leaves as it is in
/// `previous` (null: none), a network of the same file, is taken over. Errors as recoverQuantizers.
Result<Network> recoverBesideExports(const std::shared_ptr<const ModelFile> &file,
    std::span<const MatchedExport> exports, const Recipe &recipe, const Progress &progress, const Network *previous);

} // namespace quantscope
