#pragma once

#include "run/run_request.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quantscope {

/// What tells that a file is still the same one.
struct FileStamp {
    std::string path;
    std::uintmax_t bytes = 0;
    std::filesystem::file_time_type written;
    bool operator==(const FileStamp &) const = default;
};

/// Of the files that a model is opened from: itself, its recipe, its quant_info.json and the exports beside it, also
/// those that are found beside it alone.
std::vector<FileStamp> modelStamps(const RunModel &model);
/// Of others, also of those that are not there.
std::vector<FileStamp> fileStamps(std::vector<std::string> paths);

} // namespace quantscope
