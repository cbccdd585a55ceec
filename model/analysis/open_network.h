#pragma once

#include "quant/network.h"

#include <optional>
#include <string>

namespace quantscope {

/// From a path to a network: opens the file, takes `recipePath`, else the recipe that lies beside the model, recovers the quantizers.
/// `listOnly` reads no tensor's data. Errors as openModel, loadRecipe and recoverQuantizers.
Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath = {}, bool listOnly = false,
                            const Progress &progress = {});

} // namespace quantscope
