#pragma once

#include "base/error.h"
#include "graph/quant_info.h"

#include <string>
#include <vector>

namespace quantscope {

/// bias_corr.pth of vai_q_pytorch: a dict of lists of floats (or tensors) by the name of a node, in the network's
/// order. Errors: Io, Parse.
Result<std::vector<BiasCorrection>> readBiasCorrections(const std::string &path);

} // namespace quantscope
