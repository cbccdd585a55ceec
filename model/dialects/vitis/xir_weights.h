#pragma once

#include "dialects/vitis/xir_plan.h"
#include "quant/quantizer.h"

#include <memory>
#include <string>

namespace quantscope::vitis {

/// Gives a slot the tensor of its constant in PyTorch's order: [out][in][kernel...] of convolutions and [out][in] of
/// matrices, whose columns are c, h, w. Where that order is not certain the file's is kept and `slot.channelsLast` or
/// `slot.channelAxis` says how it lies. Returns what was done, for people; empty for a tensor as the file has it.
std::string takeConstant(
    SlotQuantizer &slot, const XirSlot &planned, const XirGraph &graph, const std::shared_ptr<const ModelFile> &file);

} // namespace quantscope::vitis
