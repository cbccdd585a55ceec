#pragma once

#include "base/byte_source.h"

#include <cstdint>

namespace quantscope {

/// Where the central directory lies.
struct ZipEnd {
    std::uint64_t directoryOffset = 0;
    std::uint64_t directoryBytes = 0;
    std::uint64_t entries = 0;
};

/// Finds the end record (and its zip64 form) of an archive; throws ParseError when there is none or it contradicts the
/// file.
ZipEnd findZipEnd(const ByteSource &source);

} // namespace quantscope
