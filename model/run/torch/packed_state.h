#pragma once

#include "run/torch/op_arguments.h"

namespace quantscope {

/// Packed parameters of a quantized module: the object of libtorch's own class, made of the state that the archive
/// stores, as torch.jit.load makes it (`__setstate__` packs them). Its tensors are the node's inputs, its structure is
/// script::kPackedState.
OpValues packedParameters(const OpCall &call);

} // namespace quantscope
