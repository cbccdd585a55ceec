#pragma once

#include "base/byte_source.h"
#include "formats/pickle/pickle_tree.h"

#include <cstdint>

namespace quantscope {

/// Bytes of a source that hold one pickle after the other, with other data between them.
struct PickleStream {
    const ByteSource &source;
    std::uint64_t offset = 0; ///< where the next pickle begins
    std::uint64_t end = 0; ///< of what may be read
};

/// Reads the pickle at the stream's offset, which moves behind it. How long it is, only its opcodes tell: no more than
/// that is read. Throws ParseError as the machine does.
PickleTree takePickle(PickleStream &stream, const Limits &limits, Budget &budget);

} // namespace quantscope
