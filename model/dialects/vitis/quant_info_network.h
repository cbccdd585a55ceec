#pragma once

#include "base/progress.h"
#include "network/network.h"

namespace quantscope {

/// A checkpoint with quant_info.json of vai_q_pytorch (ModelFile::quantInfo): layers of the state_dict, and one for
/// each quantized node of the network. Without tensors: what the JSON says alone.
Network listQuantInfo(std::shared_ptr<const ModelFile> file, const Recipe &recipe);
/// The quantizers: codes = clamp(std::round(w * 2^position)), of biases after their correction is subtracted. What does
/// not meet by name, and weights whose codes do not follow from the checkpoint, is said.
void recoverQuantInfo(Network &network, const Progress &progress);

} // namespace quantscope
