#pragma once

#include "base/ids.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// The words that the recipes of a dialect may use. A problem is a sentence that names the nearest known word.
struct RecipeWords {
    std::optional<std::string> (*versionProblem)(const std::string &version);
    std::optional<std::string> (*presetProblem)(const std::string &preset);
    /// Of a known preset in a slot.
    std::optional<std::string> (*slotProblem)(const std::string &preset, Slot slot);
    std::optional<std::string> (*kindProblem)(const std::string &kind);
    bool (*isKeyword)(std::string_view keyword);
    std::vector<std::string> (*keywords)();
};

} // namespace quantscope
