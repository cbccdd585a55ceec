#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "network/recover.h"

#include <memory>

namespace quantscope {

/// Layers, slots, shapes and kinds from names and types alone; reads no tensor's data. Quantizers are nullopt.
Network listLayers(std::shared_ptr<const ModelFile> file, const Recipe &recipe = {});

/// Everything: one pass over the bytes of the weights whose scale follows from statistics.
/// A quantizer that cannot be determined is nullopt with an error diagnostic; it never hides the others.
/// Errors: Usage (the recipe names an unknown layer as `input` or `shared_with`), Cancelled.
Result<Network> recoverQuantizers(std::shared_ptr<const ModelFile> file, const Recipe &recipe = {},
    const Progress &progress = {}, const RecoverHints &hints = {});

} // namespace quantscope
