#pragma once

#include "checks/rule.h"

#include <cstddef>
#include <span>
#include <vector>

namespace quantscope {

/// Output channels of a weight that have no code but zero; none where all have, or where the statistics have no output
/// channels.
std::vector<std::size_t> deadChannels(const CheckedSlot &checked);

/// "dead-channel" and "saturated" of single output channels, where the statistics have them.
std::span<const Rule> channelRules();

} // namespace quantscope
