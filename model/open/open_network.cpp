#include "open/open_network.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/confirm.h"
#include "open/export_recipe.h"
#include "open/exports_beside.h"
#include "open/match_export.h"
#include "open/quant_info_beside.h"
#include "open/recover_beside_exports.h"
#include "open/settle.h"
#include "recipe/recipe_reader.h"

#include <algorithm>
#include <span>
#include <string_view>

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
bool saysItself(const ModelFile &file) { return file.graph.has_value() || file.quantInfo; }

/// The exports beside a checkpoint, in its names; QONNX before QCDQ, because it keeps bias widths. What cannot be read
/// is said.
Result<std::vector<MatchedExport>> openExports(
    const Network &listed, const Progress &progress, std::vector<Diagnostic> &notes)
{
    std::vector<MatchedExport> out;
    for (const std::string &beside : exportsBeside(listed.file->path)) {
        auto network = openModel(beside, {}, progress)
                           .and_then([&](const std::shared_ptr<const ModelFile> &file) -> Result<Network> {
                               if (!saysItself(*file))
                                   return tl::unexpected(Error{ErrorKind::Parse, beside, {}, "it holds no graph"});
                               return recoverQuantizers(file, {}, progress);
                           });
        if (network && !traitsOf(network->dialect).keepsScales) {
            notes.push_back(unused(beside,
                fmt::format(
                    "{} holds integers, whose scales stand in other operators", traitsOf(network->dialect).name)));
            continue;
        }
        auto matched = network ? std::optional(matchExport(listed, std::move(*network))) : std::nullopt;
        if (matched && matched->otherNetwork)
            notes.push_back(unused(beside, "its weights are those of another network, or of another training"));
        else if (matched)
            out.push_back(std::move(*matched));
        else if (network.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(network.error());
        else
            notes.push_back(unused(beside, network.error().message));
    }
    std::stable_sort(out.begin(), out.end(), [](const MatchedExport &a, const MatchedExport &b) {
        return (a.network.dialect == Dialect::Qonnx) > (b.network.dialect == Dialect::Qonnx);
    });
    return out;
}

/// "agrees in 2 quantizers (features.0 = Conv_0), matched by order, shape and values".
std::string agreement(const Confirmation &c)
{
    return c.pairs.empty()
        ? fmt::format("{} agrees in {} quantizers and {} codes", c.exportFile, c.compared, grouped(c.elements))
        : fmt::format(
            "{} agrees in {} quantizers ({}), matched by order, shape and values", c.exportFile, c.compared, c.pairs);
}

/// What one export says, when it does not settle everything by itself.
std::optional<Diagnostic> verdict(const Confirmation &c)
{
    if (!c.difference.empty())
        return Diagnostic{"export-differs", Severity::Warning, "",
            fmt::format("{} differs: {}{}", c.exportFile, c.difference,
                c.pairs.empty() ? "" : fmt::format(" ({}, matched by order, shape and values)", c.pairs))};
    if (c.compared == 0)
        return unused(c.exportFile, "no quantizer of it can be compared with this file");
    if (c.open.empty())
        return c.pairs.empty() ? std::nullopt
                               : std::optional(Diagnostic{"export-agrees", Severity::Note, "", agreement(c)});
    const std::string fault = c.knownFault.empty() ? "" : fmt::format(" ({})", c.knownFault);
    return Diagnostic{"export-agrees", Severity::Note, "",
        fmt::format("{}; not compared: {}{}", agreement(c), openText(c.open), fault)};
}

/// Errors: Cancelled.
Result<std::vector<Confirmation>> compareAll(
    Network &network, const std::vector<MatchedExport> &exports, const Progress &progress)
{
    std::vector<Confirmation> out;
    for (const MatchedExport &beside : exports) {
        auto result = confirmByExport(network, beside.network, progress, beside.found);
        if (result) {
            result->pairs = beside.pairs;
            out.push_back(std::move(*result));
        } else if (result.error().kind == ErrorKind::Cancelled) {
            return tl::unexpected(result.error());
        } else {
            network.diagnostics.push_back(unused(beside.network.file->path, result.error().message));
        }
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
        if (const auto said = verdict(one); said && (by.empty() || !one.agrees() || !one.pairs.empty()))
            network.diagnostics.push_back(*said);
    if (!by.empty())
        noteConfirmed(network, by);
}

/// "12 of 12 quantizers".
std::string takenText(const TakenRecipe &taken)
{
    std::string out = fmt::format("{} of {} quantizers", taken.settled, taken.quantizers);
    if (taken.partly > 0)
        out += fmt::format(" in every field, {} more in those that are told", taken.partly);
    return out;
}

/// A recipe that was taken from exports, with all else that they tell: it gives the same where they are gone.
Recipe standingAlone(const Network &network)
{
    auto complete = readRecipe(recipeToml(network), {}, brevitasWords());
    if (!complete)
        return network.recipe;
    complete->takenFrom = network.recipe.takenFrom;
    complete->sha256.clear();
    return std::move(*complete);
}

/// Errors: Parse, Cancelled.
Result<Network> comparedWith(Network network, const DpuExports &exports, const Progress &progress)
{
    const std::string path = network.file->path;
    try {
        compareWithDpuExports(network, exports, progress);
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, path, std::nullopt, "was cancelled"});
    }
    return network;
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
    out.m_takesExports = source.beside;
    const bool unused = source.path && saysItself(*out.m_file);
    const auto chosen = source.path || !source.beside || saysItself(*out.m_file) ? source.path : recipeBeside(path);
    if (chosen) {
        auto loaded = loadRecipe(*chosen);
        if (!loaded)
            return tl::unexpected(loaded.error());
        out.m_recipe = std::move(*loaded);
    }
    if (auto failed = out.takeQuantInfo(source, chosen.has_value()))
        return tl::unexpected(std::move(*failed));
    if (unused && (out.m_recipe.mutes.empty() || !out.m_recipe.empty()))
        out.m_notes.push_back({"recipe-unused", Severity::Warning, "",
            fmt::format("the recipe {} is not used: this file says its quantizers itself", fileName(*source.path))});
    return out;
}

std::optional<Error> OpenedModel::takeQuantInfo(const RecipeSource &source, bool hasRecipe)
{
    const auto take = [&](QuantInfoChoice &&choice) {
        m_file = std::move(choice.file);
        std::ranges::move(choice.notes, std::back_inserter(m_notes));
    };
    if (m_file->quantInfo) {
        take(withCheckpoint(m_file));
        return std::nullopt;
    }
    const bool looksBeside = source.beside && !m_file->graph && !m_file->tensors.empty();
    const auto path = source.quantInfo ? source.quantInfo : looksBeside ? quantInfoBeside(m_file->path) : std::nullopt;
    if (!path)
        return std::nullopt;
    if (hasRecipe && !source.quantInfo) {
        m_notes.push_back({"quant-info-unused", Severity::Note, "",
            fmt::format("{} beside the file is not used: the recipe says the quantizers; --quant-info takes its place",
                fileName(*path))});
        return std::nullopt;
    }
    auto choice = withQuantInfo(m_file, *path, source.quantInfo.has_value());
    if (!choice)
        return choice.error();
    take(std::move(*choice));
    if (m_file->quantInfo && hasRecipe) {
        m_notes.push_back({"recipe-unused", Severity::Warning, "",
            fmt::format(
                "the recipe {} is not used: {} says the quantizers", fileName(m_recipe.path), fileName(*path))});
        m_recipe = {};
    }
    return std::nullopt;
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
    if (m_file->quantInfo) {
        auto exports = dpuExportsBeside(*m_file, progress);
        if (!exports)
            return tl::unexpected(exports.error());
        out.m_dpuExports = std::make_shared<const DpuExports>(std::move(*exports));
    }
    if (saysItself(*m_file))
        return out;
    auto exports = openExports(listed(), progress, out.m_notes);
    if (!exports)
        return tl::unexpected(exports.error());
    out.m_exports = std::make_shared<const std::vector<MatchedExport>>(std::move(*exports));
    if (out.m_takesExports && out.m_recipe.empty())
        if (auto failed = out.takeRecipe(progress))
            return tl::unexpected(std::move(*failed));
    return out;
}

std::optional<Error> OpenedModel::takeRecipe(const Progress &progress)
{
    auto taken = recipeFromExports(m_file, *m_exports, progress);
    if (!taken && taken.error().kind == ErrorKind::Cancelled)
        return taken.error();
    if (!taken || !*taken)
        return std::nullopt;
    (*taken)->recipe.mutes = std::move(m_recipe.mutes);
    m_recipe = std::move((*taken)->recipe);
    const auto recovered = network(progress);
    if (!recovered && recovered.error().kind == ErrorKind::Cancelled)
        return recovered.error();
    if (recovered)
        m_recipe = standingAlone(*recovered);
    m_notes.push_back({"recipe-taken", Severity::Note, "",
        fmt::format(
            "the recipe is taken from {} beside the file: {}; 'quantscope recipe' prints it, saving it keeps it",
            m_recipe.takenFrom, takenText(**taken))});
    return std::nullopt;
}

Result<Network> OpenedModel::network(const Progress &progress) const { return network(m_recipe, progress, nullptr); }

Result<Network> OpenedModel::network(const Recipe &recipe, const Progress &progress, const Network *previous) const
{
    auto network = recoverBesideExports(m_file, *m_exports, recipe, progress, previous);
    if (!network)
        return network;
    network->diagnostics.insert(network->diagnostics.end(), m_notes.begin(), m_notes.end());
    if (m_file->quantInfo)
        return m_dpuExports ? comparedWith(std::move(*network), *m_dpuExports, progress) : network;
    if (previous != nullptr && m_file->bytes > kConfirmedAtOnce)
        return network;
    const auto compared = compareAll(*network, *m_exports, progress);
    if (!compared)
        return tl::unexpected(compared.error());
    settleByExports(*network, *compared);
    sayConfirmed(*network, *compared);
    return network;
}

Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath, bool listOnly,
    const Progress &progress, const std::optional<std::string> &part, const std::optional<std::string> &quantInfo)
{
    auto opened = OpenedModel::open(path, {.path = recipePath, .quantInfo = quantInfo}, progress);
    if (opened && part)
        opened = opened->showing(*part);
    if (!opened)
        return tl::unexpected(opened.error());
    if (listOnly)
        return opened->listed();
    return opened->withExports(progress).and_then([&](const OpenedModel &model) { return model.network(progress); });
}

} // namespace quantscope
