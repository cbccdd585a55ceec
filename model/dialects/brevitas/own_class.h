#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// The quantizer of a class of the user's own, from its proof; its codes are known when they are those of one of the
/// known roundings with the proof's fields. Throws SlotFailure where something stays unknown.
void takeOwnClass(SlotWork &work);

} // namespace quantscope
