#include "open/open_network.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/recipe_words.h"
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

/// A graph says its quantizers itself; a recipe or export beside it belongs to the checkpoint of the same name.
bool saysItself(const ModelFile &file) { return file.graph.has_value(); }

/// The exports beside a checkpoint; QONNX before QCDQ, because it keeps bias widths. What cannot be read is said.
Result<std::vector<Network>> openExports(
    const std::string &path, const Progress &progress, std::vector<Diagnostic> &notes)
{
    std::vector<Network> out;
    for (const std::string &beside : exportsBeside(path)) {
        auto network = openModel(beside, {}, progress).and_then([&](const std::shared_ptr<const ModelFile> &file) {
            return recoverQuantizers(file, {}, progress);
        });
        if (network)
            out.push_back(std::move(*network));
        else if (network.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(network.error());
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

/// Errors: Cancelled.
Result<std::vector<Confirmation>> compareAll(
    Network &network, const std::vector<Network> &exports, const Progress &progress)
{
    std::vector<Confirmation> out;
    for (const Network &exported : exports) {
        auto result = confirmByExport(network, exported, progress);
        if (result)
            out.push_back(std::move(*result));
        else if (result.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(result.error());
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

void sayConfirmed(Network &network, const std::vector<Confirmation> &all)
{
    const std::vector<Confirmation> by = confirming(all);
    for (const Confirmation &one : all)
        if (const auto said = verdict(one); said && (by.empty() || !one.agrees()))
            network.diagnostics.push_back(*said);
    if (!by.empty())
        noteConfirmed(network, by);
}

} // namespace

OpenedModel::OpenedModel(std::shared_ptr<const ModelFile> file, Recipe recipe)
    : m_file(std::move(file))
    , m_recipe(std::move(recipe))
{
}

Result<OpenedModel> OpenedModel::open(const std::string &path, const RecipeSource &source, const Progress &progress)
{
    auto file = openModel(path, {}, progress);
    if (!file)
        return tl::unexpected(file.error());
    OpenedModel out(std::move(*file));
    const bool unused = source.path && saysItself(*out.m_file);
    const auto chosen = source.path || !source.beside || saysItself(*out.m_file) ? source.path : recipeBeside(path);
    if (chosen) {
        auto loaded = loadRecipe(*chosen);
        if (!loaded)
            return tl::unexpected(loaded.error());
        out.m_recipe = std::move(*loaded);
    }
    if (unused)
        out.m_notes.push_back({"recipe-unused", Severity::Warning, "",
            fmt::format("the recipe {} is not used: this file says its quantizers itself", fileName(*source.path))});
    return out;
}

Result<OpenedModel> OpenedModel::showing(const std::string &part) const
{
    auto file = withPart(m_file, part);
    if (!file)
        return tl::unexpected(file.error());
    OpenedModel out = *this;
    out.m_file = std::move(*file);
    return out;
}

Network OpenedModel::listed() const
{
    Network network = listLayers(m_file, m_recipe);
    network.diagnostics.insert(network.diagnostics.end(), m_notes.begin(), m_notes.end());
    return network;
}

Result<OpenedModel> OpenedModel::withExports(const Progress &progress) const
{
    OpenedModel out = *this;
    if (saysItself(*m_file))
        return out;
    auto exports = openExports(m_file->path, progress, out.m_notes);
    if (!exports)
        return tl::unexpected(exports.error());
    out.m_exports = std::make_shared<const std::vector<Network>>(std::move(*exports));
    return out;
}

Result<Network> OpenedModel::network(const Progress &progress) const { return network(m_recipe, progress, nullptr); }

Result<Network> OpenedModel::network(const Recipe &recipe, const Progress &progress, const Network *previous) const
{
    RecoverHints hints;
    hints.graph = graphOf(*m_file, *m_exports);
    hints.previous = previous;
    auto network = recoverQuantizers(m_file, recipe, progress, hints);
    if (!network)
        return network;
    network->diagnostics.insert(network->diagnostics.end(), m_notes.begin(), m_notes.end());
    if (previous != nullptr && m_file->bytes > kConfirmedAtOnce)
        return network;
    const auto compared = compareAll(*network, *m_exports, progress);
    if (!compared)
        return tl::unexpected(compared.error());
    sayConfirmed(*network, *compared);
    return network;
}

Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath, bool listOnly,
    const Progress &progress, const std::optional<std::string> &part)
{
    auto opened = OpenedModel::open(path, {.path = recipePath}, progress);
    if (opened && part)
        opened = opened->showing(*part);
    if (!opened)
        return tl::unexpected(opened.error());
    if (listOnly)
        return opened->listed();
    return opened->withExports(progress).and_then([&](const OpenedModel &model) { return model.network(progress); });
}

} // namespace quantscope
