#include "dialects/onnx/plan.h"

#include <algorithm>

namespace quantscope::interpret {

bool PlannedLayer::hasSlot(Slot wanted) const
{
    return std::any_of(slots.begin(), slots.end(), [&](const PlannedSlot &slot) { return slot.slot == wanted; });
}

} // namespace quantscope::interpret
