#pragma once

#include "analysis/compare.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// One candidate at one width for one slot: what a sweep draws.
struct SweepPoint {
    std::string layer, slot;
    std::string candidate; ///< as it would be written, with its bit_width
    std::string family; ///< the candidate without its bit_width: one line of the chart
    int width = 0;
    std::uint64_t bits = 0; ///< of the slot
    double signalPower = 0, errorPower = 0;
    std::optional<double> sqnrDb; ///< nullopt without error
};

/// The candidates of a comparison that have figures, except the file's own.
std::vector<SweepPoint> sweepPoints(const std::vector<SlotComparison> &comparisons);

/// One choice per slot over the whole network.
struct Allocation {
    std::uint64_t bits = 0;
    double errorPower = 0, signalPower = 0;
    std::vector<std::size_t> points; ///< positions in the sweep, one per slot in order of appearance
};

/// Total bits against total squared error: the lower convex hull of the Pareto front, from the fewest bits up. Each
/// step takes the widening that lowers the error most per bit (exact on the hull, since errors of slots add up).
std::vector<Allocation> paretoFront(const std::vector<SweepPoint> &points);

/// For each slot the point with the fewest bits whose SQNR is at least `minimumDb`; slots that never reach it take
/// their best.
Allocation cheapestKeeping(const std::vector<SweepPoint> &points, double minimumDb);

/// An allocation as recipe entries, and as keyword arguments of Brevitas layers to paste.
std::string allocationRecipe(const std::vector<SweepPoint> &points, const Allocation &allocation);
std::string allocationPython(const std::vector<SweepPoint> &points, const Allocation &allocation);

} // namespace quantscope
