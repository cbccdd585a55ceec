#include "open/exports_beside.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

namespace quantscope {

namespace {

/// "model", "model_qonnx", "model.qcdq-export": nothing but the stem and words that say 'export'.
bool isExportName(std::string_view name, std::string_view stem)
{
    static const std::set<std::string, std::less<>> words = {"qonnx", "qcdq", "qdq", "qop", "finn", "onnx", "export",
        "exported", "quant", "quantized", "clean", "cleaned", "cleanup", "tidy", "simplified", "inferred", "brevitas"};
    if (!name.starts_with(stem))
        return false;
    name.remove_prefix(stem.size());
    while (!name.empty()) {
        if (std::string_view("._-").find(name.front()) == std::string_view::npos)
            return false;
        name.remove_prefix(1);
        const std::size_t end = std::min(name.find_first_of("._-"), name.size());
        if (!words.contains(name.substr(0, end)))
            return false;
        name.remove_prefix(end);
    }
    return true;
}

} // namespace

std::vector<std::string> exportsBeside(const std::string &modelPath)
{
    const std::filesystem::path model(modelPath);
    const std::string stem = model.stem().string();
    std::vector<std::string> out;
    std::error_code failed;
    for (std::filesystem::directory_iterator
             at(model.has_parent_path() ? model.parent_path() : std::filesystem::path("."), failed),
         end;
         !failed && at != end; at.increment(failed)) {
        std::error_code unknown;
        if (at->path().extension() == ".onnx" && isExportName(at->path().stem().string(), stem)
            && at->is_regular_file(unknown) && !std::filesystem::equivalent(at->path(), model, unknown))
            out.push_back(at->path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace quantscope
