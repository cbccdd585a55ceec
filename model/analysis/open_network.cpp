#include "analysis/open_network.h"

#include "analysis/confirm.h"
#include "formats/open_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kConfirmedAtOnce = 16ull << 20;

/// The exports beside a checkpoint that open; QONNX before QCDQ, because it keeps bias widths.
std::vector<Network> openExports(const std::string &path, const Progress &progress)
{
    std::vector<Network> out;
    for (const std::string &beside : exportsBeside(path)) {
        const auto file = openModel(beside, {}, progress);
        if (!file || !(*file)->graph)
            continue;
        if (auto network = recoverQuantizers(*file, {}, progress))
            out.push_back(std::move(*network));
    }
    std::stable_sort(out.begin(), out.end(),
        [](const Network &a, const Network &b) { return (a.dialect == "QONNX") > (b.dialect == "QONNX"); });
    return out;
}

void confirm(Network &network, const Network &exported, const Progress &progress)
{
    const auto result = confirmByExport(network, exported, progress);
    if (!result || result->compared == 0)
        return;
    if (result->confirmed()) {
        network.confirmedBy = result->exportFile;
        network.diagnostics.push_back({"recipe-confirmed", Severity::Note, "",
            fmt::format("recipe confirmed by {}: {} tensors, {} codes equal", result->exportFile, result->compared,
                result->elements)});
    } else {
        network.diagnostics.push_back({"export-differs", Severity::Warning, "",
            fmt::format("{} differs: {}", result->exportFile, result->difference)});
    }
}

} // namespace

Result<Network> recoverWithExports(
    std::shared_ptr<const ModelFile> file, const Recipe &recipe, const Progress &progress, const Network *previous)
{
    if (file->graph)
        return recoverQuantizers(file, recipe, progress);
    const std::vector<Network> exports = openExports(file->path, progress);
    RecoverHints hints;
    hints.graph = exports.empty() ? nullptr : &exports.front();
    hints.previous = previous;
    auto network = recoverQuantizers(file, recipe, progress, hints);
    // An edit must answer at once; a large export is compared when the file is opened.
    const bool atOnce = previous == nullptr || file->bytes <= kConfirmedAtOnce;
    if (network && hints.graph != nullptr && atOnce)
        confirm(*network, *hints.graph, progress);
    return network;
}

Result<Network> openNetwork(
    const std::string &path, const std::optional<std::string> &recipePath, bool listOnly, const Progress &progress)
{
    auto file = openModel(path, {}, progress);
    if (!file)
        return tl::unexpected(file.error());
    Recipe recipe;
    // A graph says its quantizers itself; a recipe beside it belongs to the checkpoint of the same name.
    const auto chosen = recipePath || (*file)->graph ? recipePath : recipeBeside(path);
    if (chosen) {
        auto loaded = loadRecipe(*chosen);
        if (!loaded)
            return tl::unexpected(loaded.error());
        recipe = std::move(*loaded);
    }
    if (listOnly)
        return listLayers(*file, recipe);
    return recoverWithExports(*file, recipe, progress);
}

} // namespace quantscope
