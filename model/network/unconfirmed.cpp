#include "network/unconfirmed.h"

namespace quantscope {

bool isUnconfirmed(const Network &network, const SlotQuantizer &slot)
{
    return slot.assumed && network.confirmedBy.empty();
}

} // namespace quantscope
