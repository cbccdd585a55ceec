#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// What stands behind the last '/' of a path: "a/b.pt" -> "b.pt", "b.pt" -> "b.pt", "a/" -> "".
std::string fileName(std::string_view path);

} // namespace quantscope
