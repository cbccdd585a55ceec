#include "run/torch/model_stamps.h"

#include "open/exports_beside.h"
#include "open/quant_info_beside.h"
#include "recipe/recipe.h"

namespace quantscope {

std::vector<FileStamp> fileStamps(std::vector<std::string> paths)
{
    std::vector<FileStamp> out;
    for (std::string &path : paths) {
        std::error_code failed;
        const std::uintmax_t bytes = std::filesystem::file_size(path, failed);
        const auto written = std::filesystem::last_write_time(path, failed);
        out.push_back({std::move(path), bytes, written});
    }
    return out;
}

std::vector<FileStamp> modelStamps(const RunModel &model)
{
    std::vector<std::string> paths = exportsBeside(model.path);
    paths.push_back(model.path);
    for (const auto &path : {model.recipe ? model.recipe : recipeBeside(model.path),
             model.quantInfo ? model.quantInfo : quantInfoBeside(model.path)})
        if (path)
            paths.push_back(*path);
    return fileStamps(std::move(paths));
}

} // namespace quantscope
