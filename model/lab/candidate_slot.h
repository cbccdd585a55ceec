#pragma once

#include "base/progress.h"
#include "dialects/brevitas/resolve_slot.h"
#include "lab/candidates.h"
#include "network/network.h"

#include <memory>

#include <tl/expected.hpp>

namespace quantscope {

/// A slot as it would be under a candidate. What the network knows of its other slots stands, and nothing changes:
/// neither the network nor what the next candidate gives. `facts` are those of the network. `floats` takes the place of
/// the tensor where the file holds only quantized values. Its failure says why the candidate cannot be had here.
tl::expected<SlotQuantizer, SlotFailure> candidateSlot(const Network &network, const BrevitasFacts &facts,
    const SlotId &slot, const SlotSettings &candidate, std::shared_ptr<const TensorInfo> floats,
    const Progress &progress);

/// The values that a slot which holds codes stands for, as a float tensor in memory. Throws ParseError.
std::shared_ptr<const TensorInfo> dequantizedTensor(const SlotQuantizer &slot);

} // namespace quantscope
