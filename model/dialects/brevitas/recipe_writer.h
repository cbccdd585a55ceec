#pragma once

#include "network/network.h"

#include <string>

namespace quantscope {

/// The recipe in force as TOML: what was read, given or assumed, one entry per quantizer that needs one.
std::string recipeToml(const Network &network);

} // namespace quantscope
