#pragma once

#include "export/writers/header_writer.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// A header on disk and what it should hold.
struct HeaderToProve {
    const ExportHeader *header = nullptr;
    std::string path;
};

struct HeaderProof {
    std::uint64_t verified = 0; ///< elements of the compiled header that equal the model's codes: all of them
    std::string by; ///< "gcc C99 and SystemC"
};

/// Compiles the headers as a user would (C99 with every warning an error, C++11 where there is a compiler for it, and
/// the SystemC view where SystemC is installed), runs the programs and compares every element, macro, scale and zero
/// point with the network's, computed afresh. `helperPath` is the quantscope_fixed.h that belongs to them. `step` is
/// called with the number of elements compared since the last call, often with 0; it may throw CancelledError. `notes`
/// gets what could not be tried. Errors: Proof, with the reason.
Result<std::vector<HeaderProof>> proveHeaders(std::span<const HeaderToProve> headers, const std::string &helperPath,
    std::vector<std::string> &notes, const CodesWritten &step = {});

// The programs that do it, and what they write: for each array, in native byte order,
//   int64: COUNT W SIGNED [I F] DIM0.. [SCALE_AXIS [SCALE_BLOCK]]    (brackets: only where the header has them)
//   int64 byte count and bytes of raw, and of scale and zero_point where the header has them.
// The SystemC program writes int64 W and I of each fixed-point array's type, then each element * 2^F as int64.

/// C99, usage: PROGRAM OUTPUT-FILE.
std::string proofProgramC(std::span<const HeaderToProve> headers);
/// C++: both ways of including, compiled for its warnings only.
std::string proofProgramCxx(std::span<const HeaderToProve> headers);
/// C++17 with SystemC; empty when no array has a fixed-point type.
std::string proofProgramSystemC(std::span<const HeaderToProve> headers);

/// Compares what the first and the last program wrote. Throw ProofError.
class ProofError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
void compareRaw(std::span<const HeaderToProve> headers, const std::string &outputPath, const CodesWritten &step);
void compareSystemC(std::span<const HeaderToProve> headers, const std::string &outputPath, const CodesWritten &step);

} // namespace quantscope
