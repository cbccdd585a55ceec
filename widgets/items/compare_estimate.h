#pragma once

#include "items/facts.h"
#include "lab/compare.h"
#include "quant/fixed_point.h"

#include <optional>
#include <vector>

namespace quantscope {

/// What a fixed-point type would do, from the bit weights alone: exact for what rounds to 0 and for whole bars that
/// overflow, an estimate within a bar, where weights are taken as evenly spread.
struct TypeEstimate {
    std::optional<double> sqnrDb; ///< nullopt without error or signal
    double clipped = 0, zeroed = 0; ///< shares of all elements
};
/// `low` and `high` are the smallest and the largest weight.
TypeEstimate estimateType(const BitWeightHistogram &histogram, double low, double high, const FixedType &type);

/// The figures of a type that is being tried, in the order of slotFigures with "would be clipped" behind them. The
/// count of codes is left out, so that the row keeps its length. Estimates carry a "~"; `exact` is the result of trying
/// the type, null while it is computed. `file` are the slot's own figures.
std::vector<FigureText> trialFigures(
    const FixedType &type, const TypeEstimate &estimate, const CandidateResult *exact, const SlotStatistics &file);

} // namespace quantscope
