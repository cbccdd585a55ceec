#pragma once

#include "export/writers/writer.h"

#include <span>
#include <string>

namespace quantscope {

// The programs that prove headers, and what they write: for each array, in native byte order,
//   int64: COUNT W SIGNED [I F] DIM0.. [SCALE_AXIS [SCALE_BLOCK]]    (brackets: only where the header has them)
//   int64 byte count and bytes of raw, and of scale and zero_point where the header has them.
// The SystemC program writes int64 W and I of each fixed-point array's type, then each element * 2^F as int64.

/// C99, usage: PROGRAM OUTPUT-FILE.
std::string proofProgramC(std::span<const FileToProve> headers);
/// C++: both ways of including, compiled for its warnings only.
std::string proofProgramCxx(std::span<const FileToProve> headers);
/// C++17 with SystemC; empty when no array has a fixed-point type.
std::string proofProgramSystemC(std::span<const FileToProve> headers);

} // namespace quantscope
