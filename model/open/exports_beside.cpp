#include "open/exports_beside.h"

#include "base/file_name.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

namespace quantscope {

namespace {

using Words = std::set<std::string, std::less<>>;

const Words &scriptWords()
{
    static const Words words = {"ts", "torchscript", "script", "scripted", "trace", "traced", "jit"};
    return words;
}

/// Behind the stem: "model", "model_qonnx", "model.qcdq-export" have nothing but words that say 'export'. A file that
/// would else be a checkpoint has one that says TorchScript.
bool isExportName(std::string_view name, std::string_view stem, bool needsScript)
{
    static const Words words = {"qonnx", "qcdq", "qdq", "qop", "finn", "onnx", "export", "exported", "quant",
        "quantized", "clean", "cleaned", "cleanup", "tidy", "simplified", "inferred", "brevitas"};
    if (!name.starts_with(stem))
        return false;
    name.remove_prefix(stem.size());
    bool saysScript = false;
    while (!name.empty()) {
        if (std::string_view("._-").find(name.front()) == std::string_view::npos)
            return false;
        name.remove_prefix(1);
        const std::size_t end = std::min(name.find_first_of("._-"), name.size());
        const bool script = scriptWords().contains(name.substr(0, end));
        if (!script && !words.contains(name.substr(0, end)))
            return false;
        saysScript = saysScript || script;
        name.remove_prefix(end);
    }
    return saysScript || !needsScript;
}

bool isExport(const std::filesystem::path &path, std::string_view stem)
{
    const std::string extension = path.extension().string();
    const bool torch = extension == ".pt" || extension == ".pth";
    return (torch || extension == ".onnx" || extension == ".ts" || extension == ".torchscript")
        && isExportName(path.stem().string(), stem, torch);
}

} // namespace

std::vector<std::string> exportsBeside(const std::string &modelPath)
{
    const std::filesystem::path model(modelPath);
    const std::string stem = fileName(modelStem(modelPath));
    std::vector<std::string> out;
    std::error_code failed;
    for (std::filesystem::directory_iterator
             at(model.has_parent_path() ? model.parent_path() : std::filesystem::path("."), failed),
         end;
         !failed && at != end; at.increment(failed)) {
        std::error_code unknown;
        if (isExport(at->path(), stem) && at->is_regular_file(unknown)
            && !std::filesystem::equivalent(at->path(), model, unknown))
            out.push_back(at->path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace quantscope
