#pragma once

#include "run/run_result.h"

#include <string>
#include <string_view>

namespace quantscope {

/// A result as the payload of a frame: all but the values of its outputs, which go in frames of their own.
std::string payloadOf(const RunResult &result);
/// Throws ParseError for what is no such message.
RunResult resultIn(std::string_view payload);

} // namespace quantscope
