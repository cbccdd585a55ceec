#pragma once

#include "checks/rule.h"

namespace quantscope {

/// "dead-channel" and "saturated" of single output channels, where the statistics have them.
std::span<const Rule> channelRules();

} // namespace quantscope
