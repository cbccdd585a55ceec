#pragma once

#include "checks/rule.h"

namespace quantscope {

/// "preset-name": presets that are not what their name says.
std::span<const Rule> presetRules();

} // namespace quantscope
