#pragma once

#include "base/limits.h"
#include "base/progress.h"
#include "graph/model_file.h"

#include <memory>
#include <string>

namespace quantscope {

/// Opens any file QuantScope reads; the content decides, not the name. The one place where ParseError becomes Error.
/// Errors: Io (absent, a folder), Parse (what is wrong, at which offset), Cancelled.
Result<std::shared_ptr<const ModelFile>> openModel(
    const std::string &path, const Limits &limits = {}, const Progress &progress = {});

/// The same from bytes in memory, for tests and fuzzing. `name` stands for the path in messages; external data is
/// looked for beside it.
Result<std::shared_ptr<const ModelFile>> openModel(std::shared_ptr<const ByteSource> source, const std::string &name,
    const Limits &limits = {}, const Progress &progress = {});

} // namespace quantscope
