#pragma once

#include <string_view>

namespace quantscope {

/// The style sheet of a report: light or dark as the reader's system is, and white on paper.
std::string_view htmlStyle();

} // namespace quantscope
