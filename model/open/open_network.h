#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <optional>
#include <string>

namespace quantscope {

/// Recovers a file's quantizers and, for a checkpoint, uses the ONNX exports that lie beside it: their graph tells what
/// feeds what, and their codes confirm the recipe (`Network::confirmedBy`, a note) or show the first difference (a
/// warning). An export that cannot be read is no reason not to open the checkpoint.
Result<Network> recoverWithExports(std::shared_ptr<const ModelFile> file, const Recipe &recipe,
    const Progress &progress = {}, const Network *previous = nullptr);

/// From a path to a network: opens the file, takes `recipePath`, else the recipe that lies beside the model, recovers
/// the quantizers. `listOnly` reads no tensor's data. Errors as openModel, loadRecipe and recoverQuantizers.
Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath = {},
    bool listOnly = false, const Progress &progress = {});

} // namespace quantscope
