#pragma once

#include "base/progress.h"
#include "export/recipe_in_force.h"

#include <string>

namespace quantscope {

/// Where the numbers come from, for the comment of a header and for the manifest. Empty: not known.
struct SourceFacts {
    std::string file; ///< its name without the folder
    std::string sha256;
    std::string part; ///< which weights of a checkpoint that holds several
    RecipeInForce recipe;
    std::string assumed; ///< how much of the whole model nobody has confirmed: "bits of 3 of 4 layers are assumed"
};

/// Name and hashes of the network's file and recipe. The hash of a file is remembered while its size, time and inode
/// stay. With `quick`, a file above 64 MB that has not been hashed yet gets no hash: a preview must not wait for it.
/// Errors: Io when the file cannot be read any more or has another size than when it was opened; Cancelled.
/// A network that was not read from a file (no path, or nothing there with `quick`) has empty hashes.
Result<SourceFacts> sourceFacts(const Network &network, bool quick, const Progress &progress = {});

} // namespace quantscope
