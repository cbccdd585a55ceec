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

/// A container format. `recognises` looks at the first bytes (up to 4096) and the size; `read` throws ParseError.
struct FormatReader {
    const char *name;
    bool (*recognises)(std::span<const std::byte> head, const ReadRequest &request);
    ModelFile (*read)(const ReadRequest &request);
};

/// All readers, most specific first: this table is where a format is added.
std::span<const FormatReader> formatReaders();

bool looksLikeTorchZip(std::span<const std::byte> head, const ReadRequest &request);
ModelFile readTorchZip(const ReadRequest &request);
bool looksLikeOnnx(std::span<const std::byte> head, const ReadRequest &request);
ModelFile readOnnx(const ReadRequest &request);

} // namespace quantscope
