#pragma once

#include "dialects/onnx/operands.h"

namespace quantscope::interpret {

/// Where the output channels of the stored weight lie: 0 where its axes have other meanings. ConvTranspose has
/// (in, out/groups, kernel...); matrix products with the weight on the right have [...][in][out], unless transB or a
/// Transpose between the quantizer and them says otherwise (PyTorch stores [out][in] and transposes). `input` is the
/// position at which `node` reads the weight, `rank` the number of its axes.
int channelAxisOf(const Graph &graph, const Node &node, std::size_t input, const Operand &weight, std::size_t rank);

} // namespace quantscope::interpret
