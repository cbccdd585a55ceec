#pragma once

#include "dialects/vitis/quant_info_join.h"

#include <vector>

namespace quantscope::vitis {

/// Two and more convolutions one behind the other with nothing but ReLU and pooling between, in the network's order.
using ConvolutionChain = std::vector<LayerId>;

/// The chains of a network, as far as quant_info.json tells its graph: by the numbers in the names of its nodes, which
/// count the whole network, with those of convolutions from bias_corr.pth. Nothing where they do not tell: a number is
/// missing between two convolutions, a node has several inputs, or a convolution has no bias, and so no number.
std::optional<std::vector<ConvolutionChain>> convolutionChains(
    const Network &network, const QuantInfo &info, const QuantInfoJoin &join);

} // namespace quantscope::vitis
