#pragma once

#include "network/arrivals.h"
#include "quant/grid.h"

#include <vector>

namespace quantscope {

/// One input of a join.
struct JoinInput {
    Arrival arrival;
    bool differs = false; ///< from the quantizer that most inputs have; where no other leads, every quantized one
};

/// An operator that needs its inputs on one grid: Add, Sub, Sum, Concat, Where, Max, Min. Operators that bring a scale
/// of their own for each input (QLinearAdd, quantized::add) are none.
struct Join {
    FlowNodeId node{};
    std::vector<JoinInput> inputs; ///< in the order of its inputs in the file
    std::vector<GridField> fields; ///< in which the quantizers of its inputs disagree, in the order of GridField

    bool disagrees() const { return !fields.empty(); }
};

/// By ascending node: every operator with two or more inputs that it merges or sums up. Inputs that are not quantized,
/// or not known, agree with all.
std::vector<Join> joinsOf(const Arrivals &arrivals);
/// Those whose inputs disagree.
std::vector<Join> disagreeingJoins(const Network &network);

} // namespace quantscope
