#pragma once

#include "lab/allocation.h"

#include <string>
#include <vector>

namespace quantscope {

/// An allocation as Python to paste: keyword arguments of Brevitas layers by the layer's name, with the imports that
/// they need; what Brevitas has no preset for is a comment.
std::string allocationPython(const std::vector<SweepPoint> &points, const Allocation &allocation);

} // namespace quantscope
