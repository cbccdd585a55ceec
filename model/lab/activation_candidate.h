#pragma once

#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/settings.h"
#include "network/network.h"

#include <string>

#include <tl/expected.hpp>

namespace quantscope {

/// The settings that give an activation's candidate its numbers: as they are where they say their threshold or the file
/// stores it in the domain that they read it in, else with the stored threshold as a constant. A recipe that says them
/// gives the same quantizer. The error is a sentence: nothing tells a threshold.
tl::expected<SlotSettings, std::string> activationSettings(
    const Network &network, const BrevitasFacts &facts, SlotIndex index, SlotSettings candidate);

/// ap_fixed and ap_ufixed say all of themselves. The error is a sentence: numbers that cannot be.
tl::expected<SlotQuantizer, std::string> fixedActivation(const SlotQuantizer &file, const SlotSettings &candidate);

/// The keywords of a constant threshold.
SlotSettings withThreshold(SlotSettings candidate, float threshold);

} // namespace quantscope
