#pragma once

#include "network/network.h"

#include <optional>
#include <string>

namespace quantscope {

/// The version of Brevitas that an export proves by a fault or form that only one has; nullopt for most.
std::optional<std::string> provenVersion(const Network &exported);

} // namespace quantscope
