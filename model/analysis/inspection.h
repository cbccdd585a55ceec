#pragma once

#include "analysis/statistics.h"
#include "base/diagnostic.h"
#include "network/network.h"

#include <map>
#include <memory>
#include <vector>

namespace quantscope {

/// Statistics by slot; one that was not, or could not be, analysed is absent. They are shared by the inspections of the
/// same tensor under the same quantizer.
using StatisticsMap = std::map<SlotId, std::shared_ptr<const SlotStatistics>>;

/// A network with what its data tell: what reports, exports and the window read.
struct Inspection {
    std::shared_ptr<const Network> network;
    StatisticsMap statistics;
    std::vector<Diagnostic> diagnostics; ///< the network's own, then those of the data; without those that are muted
    std::size_t muted = 0; ///< diagnostics that the recipe's [checks] silence

    /// Null where there are none.
    const SlotStatistics *of(const SlotId &slot) const;
};

/// Has a tensor that can be read, and a quantizer that gives codes.
bool canAnalyse(const SlotQuantizer &slot);

/// Two slots of which every figure is the same, as far as one can tell without reading: one tensor, equal quantizers
/// wherever their fields come from.
bool sameCodes(const SlotQuantizer &a, const SlotQuantizer &b);

/// Those of `before` that still hold for `network`: after an edit, all but those of the edited slots.
StatisticsMap keptStatistics(const Inspection &before, const Network &network);

} // namespace quantscope
