#pragma once

#include "base/error.h"
#include "lab/allocation.h"
#include "network/network.h"

#include <string>
#include <vector>

namespace quantscope {

/// An allocation as the network's whole recipe with these choices in it: the text of its file, edited in place, where
/// it has one. Recovered under it, every slot has the codes of its candidate. Errors (Usage): the recipe cannot say it.
Result<std::string> allocationRecipe(
    const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation);

} // namespace quantscope
