#include "open/quant_info_beside.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/vitis/quant_info_join.h"
#include "formats/open_model.h"
#include "formats/quant_info/quant_info_reader.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace quantscope {

namespace {

namespace fs = std::filesystem;

constexpr const char *kName = "quant_info.json";
constexpr const char *kFolder = "quantize_result";
/// A folder of downloads is not searched through.
constexpr std::size_t kMostCandidates = 32;

fs::path folderOf(const fs::path &path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Files of a folder that may be checkpoints, by name.
std::vector<std::string> checkpointsIn(const fs::path &folder)
{
    std::vector<std::string> out;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
        std::error_code unknown;
        const std::string extension = at->path().extension().string(), name = at->path().filename().string();
        const bool isModel = extension == ".pt" || extension == ".pth" || extension == ".safetensors";
        if (isModel && name != "bias_corr.pth" && at->is_regular_file(unknown))
            out.push_back(at->path().string());
    }
    std::ranges::sort(out);
    out.resize(std::min(out.size(), kMostCandidates));
    return out;
}

std::shared_ptr<const ModelFile> attached(const ModelFile &file, QuantInfo info)
{
    auto out = std::make_shared<ModelFile>(file);
    out->quantInfo = std::make_shared<const QuantInfo>(std::move(info));
    return out;
}

Diagnostic note(std::string text) { return {"quant-info", Severity::Note, "", std::move(text)}; }

} // namespace

std::optional<std::string> quantInfoBeside(const std::string &modelPath)
{
    const fs::path folder = folderOf(modelPath);
    for (const fs::path &path : {folder / kName, folder / kFolder / kName}) {
        std::error_code failed;
        if (fs::is_regular_file(path, failed))
            return path.string();
    }
    return std::nullopt;
}

Result<QuantInfoChoice> withQuantInfo(
    const std::shared_ptr<const ModelFile> &file, const std::string &path, bool required)
{
    const auto unused = [&](ErrorKind kind, const std::string &why) -> Result<QuantInfoChoice> {
        if (required)
            return tl::unexpected(Error{kind, path, std::nullopt, why});
        return QuantInfoChoice{file,
            {{"quant-info-unused", Severity::Note, "",
                fmt::format("{} beside the file is not used: {}{}", fileName(path),
                    why.starts_with("its ") ? "" : "it ", why)}}};
    };
    auto info = loadQuantInfo(path);
    if (!info)
        return unused(info.error().kind, info.error().message);
    if (file->graph)
        return unused(ErrorKind::Usage, "belongs to a checkpoint, and this file says its quantizers itself");
    const vitis::QuantInfoFit fit = vitis::fitOf(*file, *info);
    if (fit.parameters == 0 || (!required && !fit.isLikely()))
        return unused(ErrorKind::Usage,
            fmt::format(
                "names {} parameters, and {} of them are in this file", info->parameters.size(), fit.parameters));
    const std::string where
        = fileName(folderOf(path).string()) == kFolder ? fmt::format("{}/{}", kFolder, fileName(path)) : fileName(path);
    return QuantInfoChoice{attached(*file, std::move(*info)),
        {note(fmt::format(
            "the quantizers are those of {}, which names {} of this file's parameters", where, fit.parameters))}};
}

QuantInfoChoice withCheckpoint(const std::shared_ptr<const ModelFile> &json)
{
    const QuantInfo &info = *json->quantInfo;
    const fs::path folder = folderOf(info.path);
    std::vector<std::string> candidates = checkpointsIn(folder);
    std::error_code failed;
    const fs::path absolute = fs::weakly_canonical(fs::absolute(folder), failed);
    if (absolute.filename() == kFolder)
        std::ranges::move(checkpointsIn(absolute.parent_path()), std::back_inserter(candidates));
    std::vector<std::string> best;
    std::size_t most = 0;
    std::shared_ptr<const ModelFile> found;
    for (const std::string &path : candidates) {
        const auto file = openModel(path);
        const vitis::QuantInfoFit fit = file && !(*file)->graph ? vitis::fitOf(**file, info) : vitis::QuantInfoFit();
        const std::size_t fitting = fit.parameters;
        if (!fit.isLikely() || fitting < most)
            continue;
        if (fitting > most)
            best.clear();
        most = fitting;
        best.push_back(fileName(path));
        found = *file;
    }
    if (best.size() == 1)
        return {attached(*found, info),
            {note(fmt::format("{} is shown with {}, which has {} of the parameters that it names", fileName(info.path),
                printable(best[0]), most))}};
    const std::string why = best.empty()
        ? "no checkpoint beside it has the parameters that it names"
        : fmt::format("{} fit it alike: open the one that is meant", fmt::join(best, ", "));
    return {json, {note(fmt::format("{} is shown alone, without weights: {}", fileName(info.path), why))}};
}

} // namespace quantscope
