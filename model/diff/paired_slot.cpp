#include "diff/paired_slot.h"

#include "network/align_slot.h"

namespace quantscope {

static bool areTransposed(const SlotQuantizer &a, const SlotQuantizer &b)
{
    return a.slot == Slot::Weight && a.shape.size() == 2 && b.shape.size() == 2 && a.channelAxis >= 0
        && b.channelAxis >= 0 && a.channelAxis != b.channelAxis;
}

std::optional<SlotQuantizer> pairedSlot(const SlotQuantizer &first, const SlotQuantizer &second)
{
    return first.tensor && second.tensor ? alignedTo(second, first.shape, areTransposed(first, second))
                                         : std::optional(second);
}

} // namespace quantscope
