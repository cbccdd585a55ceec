#pragma once

#include "charts/chart_actions.h"
#include "items/slot_ref.h"

namespace quantscope {

class Session;

/// What a picture of a chart says of the slot that it shows; `chart` is what it draws, "bit weights". Pictures are
/// offered to be saved beside the model, as MODEL-LAYER-SLOT-CHART.
ChartCaption chartCaption(const Session &session, const SlotRef &slot, const QString &chart);

/// The same of a chart of several layers.
ChartCaption networkCaption(const Session &session, const QString &chart);

} // namespace quantscope
