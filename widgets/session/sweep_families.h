#pragma once

#include <QString>

#include <string>
#include <vector>

namespace quantscope {

/// Families that a sweep can vary in width, the default ones first.
std::vector<std::string> sweepFamilies();
std::vector<std::string> defaultFamilies();
/// "per channel, float"; the family itself where it has no title.
QString familyTitle(const std::string &family);

} // namespace quantscope
