#include "run/torch/runnable_model.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/recipe_words.h"
#include "open/open_network.h"
#include "open/recover_beside_exports.h"
#include "quant/grid.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

Error noGraph(const std::string &path, std::string_view why, ErrorKind kind = ErrorKind::Usage)
{
    return {kind, path, std::nullopt, fmt::format("cannot be run: {}", why)};
}

Result<OpenedModel> openedModel(const RunModel &model, const Progress &progress)
{
    auto opened = OpenedModel::open(model.path, {.path = model.recipe, .quantInfo = model.quantInfo}, progress);
    if (opened && model.part)
        opened = opened->showing(*model.part);
    if (!opened)
        return opened;
    return opened->withExports(progress);
}

Result<Network> shownNetwork(const OpenedModel &opened, const RunModel &model, const Progress &progress)
{
    if (!model.recipeText)
        return opened.network(progress);
    const auto recipe = parseRecipe(*model.recipeText, model.path);
    if (!recipe)
        return tl::unexpected(recipe.error());
    return opened.network(*recipe, progress, nullptr);
}

/// The export that told what feeds what, else the first with a graph.
const MatchedExport *exportOf(const OpenedModel &opened, const Network &shown)
{
    const MatchedExport *first = nullptr;
    for (const MatchedExport &beside : opened.exports()) {
        if (!beside.network.file->graph)
            continue;
        if (fileName(beside.network.file->path) == shown.toldBy)
            return &beside;
        first = first == nullptr ? &beside : first;
    }
    return first;
}

bool isSameQuantizer(const Quantizer &a, const Quantizer &b)
{
    return gridDifferences(a, b).empty() && a.narrow.value_or(false) == b.narrow.value_or(false)
        && a.rounding == b.rounding;
}

} // namespace

Result<RunnableModel> RunnableModel::open(const RunModel &model, const Progress &progress)
{
    const auto opened = openedModel(model, progress);
    if (!opened)
        return tl::unexpected(opened.error());
    auto shown = shownNetwork(*opened, model, progress);
    if (!shown)
        return tl::unexpected(shown.error());
    RunnableModel out;
    out.m_shown = std::make_shared<const Network>(std::move(*shown));
    const auto matters = [](const Diagnostic &d) {
        return d.rule.starts_with("recipe-") || d.rule.starts_with("keyword-") || d.rule == "preset-assumed"
            || d.rule == "export-differs" || d.rule == "initializer-twice";
    };
    for (const Diagnostic &d : out.m_shown->diagnostics)
        if (d.severity != Severity::Note && matters(d))
            out.m_notes.push_back(d.text);
    if (out.m_shown->file->graph) {
        out.m_graph = out.m_shown;
        return out;
    }
    const MatchedExport *beside = exportOf(*opened, *out.m_shown);
    if (beside == nullptr)
        return tl::unexpected(noGraph(model.path,
            "a checkpoint has no graph, and no export of it (MODEL_qonnx.onnx, MODEL.qcdq.ts.pt) lies beside it",
            ErrorKind::Io));
    out.m_graph = std::make_shared<const Network>(beside->network);
    if (traitsOf(out.m_shown->dialect).editable)
        out.m_opened = *opened;
    const std::string name = fileName(out.m_graph->file->path);
    out.m_notes.push_back(
        fmt::format("runs on the graph of {}, with the quantizers of {}", name, fileName(model.path)));
    out.findDifferences(name);
    return out;
}

std::optional<LayerId> RunnableModel::shownLayer(LayerId inGraph) const
{
    if (m_graph == m_shown)
        return inGraph;
    const Layer *layer = m_shown->layer(m_graph->layer(inGraph).name);
    return layer == nullptr ? std::nullopt : std::optional(layer->id);
}

/// By the layer's name. Nothing where the graph has no place for it.
std::optional<ChosenQuantizer> RunnableModel::inGraph(const ChosenQuantizer &chosen) const
{
    const Layer &shown = m_shown->layer(chosen.first.layer);
    const Layer *layer = m_graph->layer(shown.name);
    const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(chosen.first.slot);
    if (slot == nullptr || slot->spans.empty())
        return std::nullopt;
    ChosenQuantizer out{{layer->id, chosen.first.slot}, chosen.second};
    const SlotQuantizer *own = m_shown->slot(chosen.first);
    if (m_graph != m_shown && !out.second && own->tensor && !own->holdsCodes()) {
        out.second = *own; // the checkpoint has the floats, whatever its export has
        out.second->quantizer.reset();
    }
    if (out.second)
        out.second->spans = slot->spans;
    return out;
}

void RunnableModel::findDifferences(const std::string &exportName)
{
    const bool isConfirmed = m_shown->confirmedBy.find(exportName) != std::string::npos;
    std::vector<std::string> missing;
    for (const Layer &layer : m_shown->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (!slot.quantizer || !slot.quantizer->isComplete())
                continue;
            const auto placed = inGraph({{layer.id, slot.slot}, slot});
            const SlotQuantizer *own = placed ? m_graph->slot(placed->first) : nullptr;
            const bool same = own != nullptr && own->quantizer && isSameQuantizer(*own->quantizer, *slot.quantizer);
            if (own == nullptr)
                missing.push_back(fmt::format("{} {}", printable(layer.name), slot.slot));
            else if (!same || (!isConfirmed && slot.tensor))
                m_differences.push_back(*placed);
        }
    if (!missing.empty() && !isConfirmed)
        m_notes.push_back(fmt::format("the graph of {} has no place for {} quantizers and uses what stands in it: {}",
            exportName, missing.size(), fmt::join(missing, ", ")));
}

bool RunnableModel::isNamed(const std::vector<RunChoice> &choices, const SlotId &shown) const
{
    return std::ranges::any_of(choices, [&](const RunChoice &choice) {
        return choice.layer == m_shown->layer(shown.layer).name && choice.slot == shown.slot;
    });
}

std::string RunnableModel::nameOf(const SlotId &shown) const
{
    return fmt::format("{} {}", printable(m_shown->layer(shown.layer).name), shown.slot);
}

/// What else the graph quantizes, for a run without any quantizer.
void RunnableModel::switchGraphOff(PlacedQuantizers &out) const
{
    for (const Layer &layer : m_graph->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const SlotId id{layer.id, slot.slot};
            const auto isPlaced = [&](const ChosenQuantizer &one) { return one.first == id; };
            if (slot.quantizer && !slot.spans.empty() && std::ranges::none_of(out.quantizers, isPlaced))
                out.quantizers.emplace_back(id, std::nullopt);
        }
}

Result<RunnableModel::PlacedQuantizers> RunnableModel::placed(
    PlacedQuantizers out, const std::vector<ChosenQuantizer> &chosen, const std::vector<RunChoice> &choices) const
{
    std::vector<std::string> without;
    for (const ChosenQuantizer &one : chosen) {
        auto there = inGraph(one);
        if (!there && isNamed(choices, one.first))
            return tl::unexpected(noGraph(m_shown->file->path,
                fmt::format("the graph of {} has no place where another quantizer of {} could stand",
                    fileName(m_graph->file->path), nameOf(one.first))));
        if (!there) {
            without.push_back(nameOf(one.first));
            continue;
        }
        if (!there->second && m_graph->slot(there->first)->holdsCodes())
            out.notes.push_back(fmt::format(
                "{}: the file holds only codes, so float means their dequantized values", nameOf(one.first)));
        std::erase_if(out.quantizers, [&](const ChosenQuantizer &other) { return other.first == there->first; });
        out.quantizers.push_back(std::move(*there));
    }
    if (!without.empty())
        out.notes.push_back(fmt::format("no place in the graph is known for {} of these quantizers, which stay: {}",
            without.size(), fmt::join(without, ", ")));
    return out;
}

Result<void> RunnableModel::applyRecipe(PlacedQuantizers &out, const std::vector<RunChoice> &choices,
    std::vector<ChosenQuantizer> &chosen, const Progress &progress) const
{
    const std::vector<SlotChoice> said = choicesOfRecipe(choices, *m_shown, chosen);
    if (!m_opened || said.empty())
        return {};
    const auto applied = recoverBesideExports(
        m_opened->file(), m_opened->exports(), withChoices(m_shown->recipe, said), progress, &*m_shown);
    if (!applied)
        return tl::unexpected(applied.error());
    std::erase_if(chosen, [&](const ChosenQuantizer &one) { return one.second && !isNamed(choices, one.first); });
    for (const ChosenQuantizer &changed : changedQuantizers(*m_shown, *applied)) {
        const auto known = std::ranges::find(chosen, changed.first, &ChosenQuantizer::first);
        if (known != chosen.end()) {
            if (known->second && changed.second)
                known->second = changed.second;
        } else if (changed.second) {
            chosen.push_back(changed);
        } else if (const auto there = inGraph(changed)) { // what stands in the graph, as after applying
            std::erase_if(out.quantizers, [&](const ChosenQuantizer &other) { return other.first == there->first; });
        }
    }
    return {};
}

Result<RunnableModel::PlacedQuantizers> RunnableModel::quantizers(
    const std::vector<std::string> &with, bool allFloat, const Progress &progress) const
{
    std::vector<RunChoice> choices;
    for (const std::string &text : with) {
        auto choice = parseRunChoice(text);
        if (!choice)
            return tl::unexpected(choice.error());
        choices.push_back(std::move(*choice));
    }
    auto chosen = chosenQuantizers(*m_shown, choices, allFloat, progress);
    if (!chosen)
        return tl::unexpected(chosen.error());
    PlacedQuantizers own{m_differences, {}};
    if (const auto applied = applyRecipe(own, choices, *chosen, progress); !applied)
        return tl::unexpected(applied.error());
    auto out = placed(std::move(own), *chosen, choices);
    if (out && allFloat)
        switchGraphOff(*out);
    return out;
}

} // namespace quantscope
