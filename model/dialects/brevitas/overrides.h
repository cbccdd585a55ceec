#pragma once

#include "base/ids.h"

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A keyword override that Brevitas knows.
struct Override {
    std::string_view name;
    bool onlyTraining = false; ///< accepted and shown, changes no number of a saved model
    bool decoded = true;
    std::string_view only = {}; ///< the slots that take it: w weights, b biases, a activations; empty: all
};
/// In any case.
const Override *findOverride(std::string_view name);
std::vector<std::string> overrideNames();
/// Those that a slot's quantizer takes.
std::vector<std::string> overrideNames(Slot slot);

} // namespace quantscope
