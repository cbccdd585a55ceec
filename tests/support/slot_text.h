#pragma once

#include "network/network.h"

#include <string>
#include <vector>

namespace quantscope::test {

/// What is said of one slot's quantizer, on one line: "int8 scale @1 0.5 0.25, zero 0", with the axis behind @, "?" for
/// what is not known and "unknown" without a quantizer.
std::string slotText(const SlotQuantizer &slot);
/// Each layer with its kind, and its slots below.
std::string layersText(const Network &network);
/// "2x20"
std::string slotShape(const SlotQuantizer &slot);

std::vector<std::int64_t> codesOf(const SlotQuantizer &slot);
std::vector<float> valuesOf(const SlotQuantizer &slot);
/// The texts of a network's diagnostics of one rule.
std::vector<std::string> textsOf(const Network &network, const std::string &rule);

} // namespace quantscope::test
