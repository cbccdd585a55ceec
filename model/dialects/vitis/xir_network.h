#pragma once

#include "base/progress.h"
#include "network/network.h"

namespace quantscope {

/// Layers of an .xmodel of Vitis AI, in topological order, from its operators and shapes alone.
Network listXmodel(std::shared_ptr<const ModelFile> file);
/// Their quantizers: fix points, widths, signs and round modes as the file has them. A slot whose numbers make no
/// quantizer gets a diagnostic. Of a compiled file the codes are not known, which is said once.
void recoverXmodel(Network &network, const Progress &progress);

} // namespace quantscope
