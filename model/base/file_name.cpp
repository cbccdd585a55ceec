#include "base/file_name.h"

#include <filesystem>

namespace quantscope {

std::string fileName(std::string_view path) { return std::string(path.substr(path.find_last_of('/') + 1)); }

std::string modelStem(std::string_view path)
{
    for (const std::string_view ending : {".safetensors.index.json", ".bin.index.json"})
        if (path.ends_with(ending) && fileName(path).size() > ending.size())
            return std::string(path.substr(0, path.size() - ending.size()));
    return std::filesystem::path(path).replace_extension().string();
}

} // namespace quantscope
