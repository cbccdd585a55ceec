#pragma once

#include "quant/quantizer.h"

#include <optional>

namespace quantscope {

/// The slot of a second model as it is compared with one of the first: in its shape and order, a matrix that is
/// transposed turned back. As it is where one of them has no tensor; nullopt where the shapes do not fit.
std::optional<SlotQuantizer> pairedSlot(const SlotQuantizer &first, const SlotQuantizer &second);

} // namespace quantscope
