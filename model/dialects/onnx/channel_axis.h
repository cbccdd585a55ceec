#pragma once

#include "dialects/onnx/weight_chain.h"

namespace quantscope::interpret {

/// Where the output channels of the stored weight lie: 0 where its axes have other meanings, -1 where a Reshape
/// joins them with others or splits them. ConvTranspose reads (in, out/groups, kernel...); matrix products read the
/// weight on the right as
/// [...][in][out], unless transB says otherwise (PyTorch stores [out][in] and transposes). `input` is the position at
/// which `node` reads the weight, `rank` the number of its stored axes, where the chain does not tell.
int channelAxisOf(const Node &node, std::size_t input, const WeightChain &chain, std::size_t rank);

} // namespace quantscope::interpret
