#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <memory>

namespace quantscope {

/// The layers of a TorchScript archive with their slots, from code and names alone.
Network listScript(std::shared_ptr<const ModelFile> file);

/// Their quantizers. What is wrong with one is a diagnostic, and that quantizer stays unknown.
void recoverScript(Network &network, const Progress &progress);

} // namespace quantscope
