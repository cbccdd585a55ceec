#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// The file's width, unless the recipe says another one: Brevitas itself does not load a learned width into a network
/// whose widths are constant, so a width without bit_width_impl_type is a wish. `origin` becomes that of the width.
/// Throws SlotFailure: a stored width that cannot be one, none stored where the recipe says so.
int bitWidthOf(SlotWork &work, Provenance &origin);

} // namespace quantscope
