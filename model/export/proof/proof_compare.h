#pragma once

#include "export/writers/writer.h"

#include <span>
#include <string>

namespace quantscope {

/// Compares what proofProgramC() wrote with the network's codes, macros, scales and zero points. Throws ProofError.
void compareRaw(std::span<const FileToProve> headers, const std::string &outputPath, const CodesWritten &step);
/// Compares what proofProgramSystemC() wrote. Throws ProofError.
void compareSystemC(std::span<const FileToProve> headers, const std::string &outputPath, const CodesWritten &step);

} // namespace quantscope
