#pragma once

#include "analysis/type_estimate.h"
#include "items/facts.h"
#include "run/run_result.h"

#include <optional>
#include <vector>

namespace quantscope {

/// What flowed, as figures: of a quantizer first what is calibrated in the file (type, scale, fractional bits, range),
/// then what was seen on data; of a weight layer's result (null slot) what was seen. Null flow: what is calibrated
/// alone.
std::vector<FigureText> flowFigures(const SlotQuantizer *slot, const LayerFlow *flow);

/// A type that is tried on what flowed. Estimates carry a "~"; `exact` is what flowed in a run with that type, null
/// while there is none.
struct FlowTrialFigures {
    FixedType type;
    TypeEstimate estimate;
    const LayerFlow *exact = nullptr;
    std::optional<double> accuracy, ownAccuracy; ///< with the type, and of the shown network
};
std::vector<FigureText> flowFigures(const FlowTrialFigures &trial, const LayerFlow &own);

/// The range that data used, for the card of its quantizer.
Fact seenFact(const LayerFlow &flow);
/// A weight layer's result before any quantizer, as a card.
SlotFacts resultFacts(const LayerFlow &flow);
/// "−2.9474 … 3.0706".
QString spanText(double low, double high);

} // namespace quantscope
