#pragma once

#include "charts/sweep_chart.h"
#include "lab/allocation.h"

namespace quantscope {

class CompareModel;

inline constexpr double kDefaultGoal = 30; // dB

/// One line per family: SQNR of all its layers together over the bit width.
SweepData sqnrOverBits(const std::vector<SweepPoint> &points, std::optional<double> goalDb);
/// The file's own quantizer as a dot.
void addFile(SweepData &data, const CompareModel &model);
/// "7 bits reach 30 dB in fixed point, 6 per channel", empty when none does.
QString reachText(const std::vector<SweepPoint> &points, double goalDb);
/// The front of total bits against SQNR, each dot with its widths, and dots of their own for the chosen allocation and
/// for what is in force in the same layers.
SweepData frontData(const std::vector<SweepPoint> &points, const std::vector<Allocation> &front,
    const std::optional<Allocation> &chosen, const std::optional<Allocation> &inForce = {});
/// "in every layer", "in the 1 of 25 layers swept": where the fewest bits keep the goal.
QString whereText(std::size_t swept, std::size_t layers, std::size_t unmet, std::size_t missing);
/// What of the layers swept is out of reach or has no width at all; empty where nothing is.
QString missedText(std::size_t unmet, std::size_t missing);
/// SQNR over all layers of an allocation; nullopt without error.
std::optional<double> allocationDb(const Allocation &allocation);

} // namespace quantscope
