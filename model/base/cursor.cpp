#include "base/cursor.h"

#include <fmt/format.h>

namespace quantscope {

// Out of line so that the reads themselves stay small.
void Cursor::fail(std::uint64_t count) const
{
    throw ParseError(fmt::format("ends early: {} bytes are needed and {} are left", count, remaining()), offset());
}

} // namespace quantscope
