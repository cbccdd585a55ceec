#pragma once

#include "base/ids.h"

namespace quantscope {

class Session;

/// What the selected layers are compared by: the slot that is shown of the current one. Weights, where that is an
/// activation of which nothing is known (`knowsFlows`) and other selected layers have weights.
Slot comparedSlot(const Session &session, bool knowsFlows);

} // namespace quantscope
