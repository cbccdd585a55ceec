#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope {

/// Row-major position of an index, and back.
std::uint64_t flatIndex(std::span<const std::int64_t> index, std::span<const std::int64_t> shape);
std::vector<std::int64_t> unflatten(std::uint64_t flat, std::span<const std::int64_t> shape);

} // namespace quantscope
