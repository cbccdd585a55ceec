#pragma once

#include "lab/compare.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// One candidate at one width for one slot: what a sweep draws.
struct SweepPoint {
    std::string layer;
    Slot slot = Slot::Weight;
    std::string candidate; ///< as it would be written, with its bit_width
    SlotSettings settings = {}; ///< what it says
    std::string family; ///< the candidate without its bit_width: one line of the chart
    int width = 0;
    std::uint64_t bits = 0; ///< of the slot
    double signalPower = 0, errorPower = 0;
    std::optional<double> sqnrDb; ///< nullopt without error or signal
    std::string caveat; ///< of assumedAxisCaveat

    /// What counts against a goal: infinite only without error, minus infinity where the floats are all zero.
    double reachedDb() const;
};

/// The candidates of a comparison that have figures, except the file's own.
std::vector<SweepPoint> sweepPoints(const std::vector<SlotComparison> &comparisons);

/// Of a weight's candidate whose scales lie along an axis that is right only if the layer is no transposed convolution,
/// which a state_dict does not tell; else empty.
std::string assumedAxisCaveat(const SlotQuantizer &candidate);

/// The slots that no candidate has figures for, as "LAYER".
std::vector<std::string> layersWithoutPoints(
    const std::vector<SlotComparison> &comparisons, const std::vector<SweepPoint> &points);

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

/// An allocation as the network's whole recipe with these choices in it: the text of its file, edited in place, where
/// it has one. Recovered under it, every slot has the codes of its candidate. Errors (Usage): the recipe cannot say it.
Result<std::string> allocationRecipe(
    const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation);
/// An allocation as keyword arguments of Brevitas layers to paste, with the imports that they need.
std::string allocationPython(const std::vector<SweepPoint> &points, const Allocation &allocation);

} // namespace quantscope
