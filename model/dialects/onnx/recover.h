#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <memory>

namespace quantscope {

/// The layers of a graph with their slots, from names, types and edges alone.
Network listOnnx(std::shared_ptr<const ModelFile> file);

/// Their quantizers. What is wrong with one is a diagnostic, and that quantizer stays unknown.
void recoverOnnx(Network &network, const Progress &progress);

} // namespace quantscope
