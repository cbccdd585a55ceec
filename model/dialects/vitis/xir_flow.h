#pragma once

#include "dialects/vitis/xir_plan.h"
#include "network/flow.h"

namespace quantscope::vitis {

/// What feeds what in a graph of XIR, with its layers in the order of the plan.
Flow flowOf(const XirGraph &graph, const std::vector<XirLayer> &plan);

} // namespace quantscope::vitis
