#pragma once

#include <string_view>

namespace quantscope {

/// quantscope_fixed.h, the helper that the fixed-point view of every header includes.
constexpr std::string_view kFixedHelperName = "quantscope_fixed.h";
std::string_view fixedHelperText();

} // namespace quantscope
