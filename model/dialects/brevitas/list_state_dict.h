#pragma once

#include "network/network.h"

#include <memory>

namespace quantscope {

/// The layers of a state_dict with their slots, kinds and axes, as far as names, shapes and the recipe tell.
Network listStateDict(std::shared_ptr<const ModelFile> file, const Recipe &recipe);

} // namespace quantscope
