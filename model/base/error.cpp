#include "base/error.h"

#include <fmt/format.h>

namespace quantscope {

std::string Error::text() const
{
    std::string out = path.empty() ? message : path + ": " + message;
    if (offset)
        out += fmt::format(" (at offset 0x{:x})", *offset);
    return out;
}

} // namespace quantscope
