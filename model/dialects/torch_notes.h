#pragma once

#include "network/network.h"

namespace quantscope {

/// What a model of torch.ao has that is shown as no quantizer: observers, whose bounds are said, and weights that are
/// packed as float16. Reads the observers' bounds.
void noteTorchAo(Network &network);

} // namespace quantscope
