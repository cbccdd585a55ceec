#pragma once

#include "analysis/type_estimate.h"
#include "items/facts.h"
#include "lab/compare.h"

#include <vector>

namespace quantscope {

/// The figures of a type that is being tried, in the order of slotFigures with "would be clipped" behind them. The
/// count of codes is left out, so that the row keeps its length. Estimates carry a "~"; `exact` is the result of trying
/// the type, null while it is computed. `file` are the slot's own figures.
std::vector<FigureText> trialFigures(
    const FixedType &type, const TypeEstimate &estimate, const CandidateResult *exact, const SlotStatistics &file);

} // namespace quantscope
