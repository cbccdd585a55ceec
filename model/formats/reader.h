#pragma once

#include "base/limits.h"
#include "base/progress.h"
#include "graph/model_file.h"

#include <memory>
#include <span>
#include <string>

namespace quantscope {

/// What a reader gets: the bytes, the path for messages and neighbours, and the bounds.
struct ReadRequest {
    std::shared_ptr<const ByteSource> source;
    std::string path;
    Limits limits;
    Progress progress;
};

/// A container format: a row of the table in open_model.cpp. `recognises` looks at the first bytes (up to 4096) and the
/// size; `read` throws ParseError.
struct FormatReader {
    const char *name;
    bool (*recognises)(std::span<const std::byte> head, const ReadRequest &request);
    ModelFile (*read)(const ReadRequest &request);
};

} // namespace quantscope
