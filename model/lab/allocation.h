#pragma once

#include "lab/sweep.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace quantscope {

/// One choice per slot over the whole network.
struct Allocation {
    std::uint64_t bits = 0;
    double errorPower = 0, signalPower = 0;
    std::vector<std::size_t> points; ///< positions in the sweep, one per slot in order of appearance
    std::vector<std::size_t> unmet; ///< of cheapestKeeping: those of `points` that do not reach the goal

    std::optional<double> sqnrDb() const; ///< over all slots; nullopt without error or signal
};

/// Total bits against total squared error: the lower convex hull of the Pareto front, from the fewest bits up. Each
/// step takes the widening that lowers the error most per bit (exact on the hull, since errors of slots add up). Empty
/// without points.
std::vector<Allocation> paretoFront(const std::vector<SweepPoint> &points);

/// For each slot the point with the fewest bits whose SQNR is at least `minimumDb`; slots that never reach it take
/// their best and are `unmet`.
Allocation cheapestKeeping(const std::vector<SweepPoint> &points, double minimumDb);

} // namespace quantscope
