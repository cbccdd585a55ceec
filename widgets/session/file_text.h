#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace quantscope {

/// The first `most` bytes of a file; empty when it cannot be read.
std::string fileText(const std::string &path, std::size_t most = SIZE_MAX);

} // namespace quantscope
