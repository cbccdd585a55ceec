#pragma once

#include "charts/bit_weights.h"
#include "items/slot_ref.h"

namespace quantscope {

class Session;

/// The same slot of a second model and of the other selected layers, as far as their statistics are there; asks for the
/// others. At most five layers: more lines are not told apart.
std::vector<BitOverlay> otherSelectedLayers(Session &session, const SlotRef &shown);
/// "45 selected layers not drawn"; empty where all are.
QString notDrawnText(const Session &session, const SlotRef &shown);

} // namespace quantscope
