#pragma once

#include <cstddef>
#include <functional>

namespace quantscope {

/// Calls body(0) to body(count - 1) on all cores, each once and in no order, and returns when all are done. What a body
/// throws is kept and thrown here, of several that of the lowest index; bodies behind it are left out. Nothing is
/// thrown through the scheduler. May be called from within a body.
void parallelFor(std::size_t count, const std::function<void(std::size_t)> &body);

} // namespace quantscope
