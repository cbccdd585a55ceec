#pragma once

#include "base/error.h"
#include "formats/reader.h"

#include <span>

namespace quantscope {

/// Why a file that no reader recognises cannot be read, and what to do: it names formats it knows by sight.
ParseError unreadable(std::span<const std::byte> head, const ReadRequest &request);

} // namespace quantscope
