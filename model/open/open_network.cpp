#include "open/open_network.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/confirm.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kConfirmedAtOnce = 16ull << 20;

Diagnostic unused(const std::string &path, const std::string &why)
{
    return {
        "export-unused", Severity::Note, "", fmt::format("{} beside the file is not used: {}", fileName(path), why)};
}

/// The exports beside a checkpoint; QONNX before QCDQ, because it keeps bias widths. What cannot be read is said.
std::vector<Network> openExports(const std::string &path, const Progress &progress, std::vector<Diagnostic> &notes)
{
    std::vector<Network> out;
    for (const std::string &beside : exportsBeside(path)) {
        auto network = openModel(beside, {}, progress).and_then([&](const std::shared_ptr<const ModelFile> &file) {
            return recoverQuantizers(file, {}, progress);
        });
        if (network)
            out.push_back(std::move(*network));
        else
            notes.push_back(unused(beside, network.error().message));
    }
    std::stable_sort(out.begin(), out.end(), [](const Network &a, const Network &b) {
        return (a.dialect == Dialect::Qonnx) > (b.dialect == Dialect::Qonnx);
    });
    return out;
}

/// The export that knows most of the checkpoint's layers, or null.
const Network *graphOf(const ModelFile &file, const std::vector<Network> &exports)
{
    const Network *best = nullptr;
    std::size_t most = 0;
    for (const Network &exported : exports) {
        const auto known = static_cast<std::size_t>(std::count_if(exported.layers.begin(), exported.layers.end(),
            [&](const Layer &layer) { return file.find(layer.name + ".weight").has_value(); }));
        if (best == nullptr || known > most) {
            best = &exported;
            most = known;
        }
    }
    return best;
}

/// What one export says, when it does not settle everything by itself.
std::optional<Diagnostic> verdict(const Confirmation &c)
{
    if (!c.difference.empty())
        return Diagnostic{
            "export-differs", Severity::Warning, "", fmt::format("{} differs: {}", c.exportFile, c.difference)};
    if (c.compared == 0)
        return unused(c.exportFile, "no quantizer of it can be compared with this file");
    if (c.open.empty())
        return std::nullopt;
    const std::string fault = c.knownFault.empty() ? "" : fmt::format(" ({})", c.knownFault);
    return Diagnostic{"export-agrees", Severity::Note, "",
        fmt::format("{} agrees in {} quantizers and {} codes; not compared: {}{}", c.exportFile, c.compared,
            grouped(c.elements), openText(c.open), fault)};
}

std::vector<Confirmation> compareAll(Network &network, const std::vector<Network> &exports, const Progress &progress)
{
    std::vector<Confirmation> out;
    for (const Network &exported : exports) {
        auto result = confirmByExport(network, exported, progress);
        if (result)
            out.push_back(std::move(*result));
        else
            network.diagnostics.push_back(unused(exported.file->path, result.error().message));
    }
    return out;
}

void noteConfirmed(Network &network, std::span<const Confirmation> by)
{
    std::vector<std::string> names;
    for (const Confirmation &one : by)
        names.push_back(one.exportFile);
    network.confirmedBy = fmt::format("{}", fmt::join(names, " and "));
    network.diagnostics.push_back({"recipe-confirmed", Severity::Note, "",
        fmt::format("{} confirmed by {}: {} quantizers, {} codes equal",
            network.recipe.empty() ? "assumed presets" : "recipe", network.confirmedBy, by.front().compared,
            grouped(by.front().elements))});
}

/// The first that confirms by itself, else all that agree when together they leave nothing open; none when one differs.
std::vector<Confirmation> confirming(const std::vector<Confirmation> &all)
{
    if (std::ranges::any_of(all, [](const Confirmation &c) { return !c.difference.empty(); }))
        return {};
    const auto whole = std::ranges::find_if(all, [](const Confirmation &c) { return c.confirmed(); });
    if (whole != all.end())
        return {*whole};
    std::vector<Confirmation> agreeing;
    std::ranges::copy_if(all, std::back_inserter(agreeing), [](const Confirmation &c) { return c.agrees(); });
    return openInAll(agreeing).empty() ? agreeing : std::vector<Confirmation>{};
}

void confirm(Network &network, const std::vector<Network> &exports, const Progress &progress)
{
    const std::vector<Confirmation> all = compareAll(network, exports, progress);
    const std::vector<Confirmation> by = confirming(all);
    for (const Confirmation &one : all)
        if (const auto said = verdict(one); said && (by.empty() || !one.agrees()))
            network.diagnostics.push_back(*said);
    if (!by.empty())
        noteConfirmed(network, by);
}

} // namespace

Result<Network> recoverWithExports(
    std::shared_ptr<const ModelFile> file, const Recipe &recipe, const Progress &progress, const Network *previous)
{
    if (file->graph)
        return recoverQuantizers(file, recipe, progress);
    std::vector<Diagnostic> notes;
    const std::vector<Network> exports = openExports(file->path, progress, notes);
    RecoverHints hints;
    hints.graph = graphOf(*file, exports);
    hints.previous = previous;
    auto network = recoverQuantizers(file, recipe, progress, hints);
    if (!network)
        return network;
    network->diagnostics.insert(network->diagnostics.end(), notes.begin(), notes.end());
    // An edit must answer at once; a large export is compared when the file is opened.
    if (previous == nullptr || file->bytes <= kConfirmedAtOnce)
        confirm(*network, exports, progress);
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
    auto network = listOnly ? Result<Network>(listLayers(*file, recipe)) : recoverWithExports(*file, recipe, progress);
    if (network && recipePath && (*file)->graph)
        network->diagnostics.push_back({"recipe-unused", Severity::Warning, "",
            fmt::format("the recipe {} is not used: this file says its quantizers itself", fileName(*recipePath))});
    return network;
}

} // namespace quantscope
