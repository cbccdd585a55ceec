#pragma once

#include "recipe/recipe.h"

#include <optional>
#include <string>

namespace quantscope {

/// Version as a number: "0.10.2" -> 102, "0.6.0" -> 60. One that is newer than the newest known is taken as that.
/// nullopt for what is no version, or older than 0.6.0.
std::optional<int> brevitasVersion(const std::string &text);
inline constexpr int kNewestVersion = 121;
/// The version is newer than the newest known.
bool isNewerThanKnown(const std::string &text);
bool isOlderThanKnown(const std::string &text);
inline constexpr int kDefaultVersion = 102;
/// 102 -> "0.10.2".
std::string versionText(int version);

/// The version that a recipe speaks of, or the assumed one.
int versionOf(const Recipe &recipe);

} // namespace quantscope
