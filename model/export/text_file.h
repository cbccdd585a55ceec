#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quantscope {

/// A whole file of at most `most` bytes; nullopt when it is larger or cannot be read.
std::optional<std::string> textOfFile(const std::string &path, std::uint64_t most);

} // namespace quantscope
