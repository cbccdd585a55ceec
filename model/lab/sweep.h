#pragma once

#include "lab/comparison.h"

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
    bool fixedExact = false; ///< one power-of-two scale and zero point 0: an ap_fixed holds every value
    std::string caveat; ///< of assumedAxisCaveat

    /// What counts against a goal: infinite only without error, minus infinity where the floats are all zero.
    double reachedDb() const;
};

/// The candidates of a comparison that have figures, except the file's own.
std::vector<SweepPoint> sweepPoints(const std::vector<SlotComparison> &comparisons);

/// Those that an ap_fixed holds exactly.
std::vector<SweepPoint> exactPoints(std::vector<SweepPoint> points);

/// Of a weight's candidate whose scales lie along an axis that is right only if the layer is no transposed convolution,
/// which a state_dict does not tell; else empty.
std::string assumedAxisCaveat(const SlotQuantizer &candidate);
/// What is to be known of the chosen points, as comments: layers of equal caveats share a line, which names the first
/// ones and counts the others. Empty where there is nothing.
std::string caveatComments(const std::vector<SweepPoint> &points, const std::vector<std::size_t> &chosen);

/// The slots that no candidate has figures for, as "LAYER".
std::vector<std::string> layersWithoutPoints(
    const std::vector<SlotComparison> &comparisons, const std::vector<SweepPoint> &points);

} // namespace quantscope
