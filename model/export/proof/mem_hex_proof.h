#pragma once

#include "export/writers/writer.h"

namespace quantscope {

/// Reads memory files back as `$readmemh` would and compares every element, and that bits and elements to spare are
/// zero, with the network's codes, computed afresh. A file is held in memory whole. There is no companion. `step` is
/// called with the number of elements compared since the last call; it may throw CancelledError. Errors: Proof, with
/// the element.
Result<std::vector<FileProof>> proveMemHex(std::span<const FileToProve> files, const std::string &companion,
    std::vector<std::string> &notes, const CodesWritten &step = {});

} // namespace quantscope
