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
    /// Of a preset in a slot; without one, wherever it may stand.
    std::optional<std::string> (*presetProblem)(const std::string &preset, std::optional<Slot> slot);
    std::optional<std::string> (*kindProblem)(const std::string &kind);
    /// A keyword as the dialect spells it, of one in any case; nullopt for what is none.
    std::optional<std::string> (*keyword)(std::string_view text);
    std::vector<std::string> (*keywords)();
};

} // namespace quantscope
