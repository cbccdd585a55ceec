#pragma once

#include "export/writers/writer.h"

namespace quantscope {

/// Compiles headers as a user would (C99 with every warning an error, C++11 where there is a compiler for it, and the
/// SystemC view where SystemC is installed), runs the programs and compares every element, macro, scale and zero point
/// with the network's, computed afresh. `companion` is the quantscope_fixed.h that belongs to them. `step` is called
/// with the number of elements compared since the last call, often with 0; it may throw CancelledError. `notes` gets
/// what could not be tried. Errors: Proof, with the reason.
Result<std::vector<FileProof>> proveHeaders(std::span<const FileToProve> headers, const std::string &companion,
    std::vector<std::string> &notes, const CodesWritten &step = {});

} // namespace quantscope
