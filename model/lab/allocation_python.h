#pragma once

#include "lab/allocation.h"

#include <string>
#include <vector>

namespace quantscope {

/// An allocation as keyword arguments of Brevitas layers to paste, with the imports that they need.
std::string allocationPython(const std::vector<SweepPoint> &points, const Allocation &allocation);

} // namespace quantscope
