#pragma once

#include "export/writers/header_writer.h"

namespace quantscope {

/// Name and hashes of the network's file and recipe. The hash of a file is remembered while its size, time and inode
/// stay. With `quick`, a file above 64 MB that has not been hashed yet gets no hash: a preview must not wait for it.
/// Errors: Io when the file cannot be read any more or has another size than when it was opened; Cancelled.
/// A network that was not read from a file (no path, or nothing there with `quick`) has empty hashes.
Result<SourceFacts> sourceFacts(const Network &network, bool quick, const Progress &progress = {});

} // namespace quantscope
