#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A keyword override that Brevitas knows.
struct Override {
    std::string_view name;
    bool onlyTraining = false; ///< accepted and shown, changes no number of a saved model
    bool decoded = true;
};
/// In any case.
const Override *findOverride(std::string_view name);
std::vector<std::string> overrideNames();

} // namespace quantscope
