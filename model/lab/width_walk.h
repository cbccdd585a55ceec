#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "lab/allocation.h"
#include "lab/output_effect.h"

#include <functional>
#include <optional>
#include <vector>

namespace quantscope {

/// Runs the network with these points of a sweep in the place of its quantizers; every slot without one keeps its own.
using EvaluatePoints = std::function<Result<DataEffect>(const std::vector<std::size_t> &points)>;

/// How many evaluations a walk takes at most.
struct WalkCount {
    std::size_t own = 1; ///< the network as it is
    std::size_t alone = 0; ///< each point alone
    std::size_t together = 0; ///< the walk's steps
    std::size_t total() const { return own + alone + together; }
    bool operator==(const WalkCount &) const = default;
};
WalkCount walkCount(const std::vector<SweepPoint> &points);

/// A choice for every slot, as the network computes with it.
struct WalkStep {
    Allocation allocation; ///< its error is what the points alone do to the output, added up
    DataEffect effect; ///< of all of them together, as it was measured
    bool onFront = false; ///< no step with as few bits is better
};

/// The sensitivity of the network to each point, and the walk that follows from it.
struct WidthWalk {
    DataEffect own;
    std::vector<std::uint64_t> bits; ///< by point; 0: nothing flows there, and it is left out
    std::vector<std::optional<DataEffect>> alone; ///< by point; nullopt: not yet measured
    std::vector<WalkStep> steps; ///< fewest bits first
};

/// What points take once the network has run as it is: the bits of activations follow from what flows.
using BitsOfPoints = std::function<std::vector<std::uint64_t>()>;

/// Measures each point alone in the network, then walks from the fewest bits up: each step takes the widening that
/// lowers the output's error most per bit, as far as the points alone tell, and is measured. One evaluation after the
/// other, never more than walkCount says. Points take the bits that they say unless `bitsOf` does. `show` gets what is
/// known after each. Errors: those of `evaluate`; Usage: an output that is not known; Cancelled.
Result<WidthWalk> walkWidths(const std::vector<SweepPoint> &points, const EvaluatePoints &evaluate,
    const Progress &progress = {}, const std::function<void(const WidthWalk &)> &show = {},
    const BitsOfPoints &bitsOf = {});

/// Of one step: of weights (and biases), and of the activations of one sample.
struct WalkBits {
    std::uint64_t weights = 0, activations = 0;
    bool operator==(const WalkBits &) const = default;
};
WalkBits walkBits(const std::vector<SweepPoint> &points, const WidthWalk &walk, const WalkStep &step);

/// What a walk is after: accuracy where it is known, else the output's SQNR in dB, infinite where nothing changes.
double walkFigure(const DataEffect &effect);
/// Position of the step with the fewest bits whose figure is at least `goal`; nullopt where none is.
std::optional<std::size_t> fewestBitsKeeping(const WidthWalk &walk, double goal);

} // namespace quantscope
