#pragma once

#include <cstddef>
#include <string_view>

namespace quantscope {

/// Length of the valid UTF-8 sequence at the start of `text`, which is not empty; 0 when there is none (RFC 3629).
std::size_t utf8Length(std::string_view text);
/// Of a valid UTF-8 sequence.
char32_t codePoint(std::string_view sequence);

} // namespace quantscope
