#include "report/effect_report.h"

#include "base/text.h"
#include "lab/figures.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

/// A scale that is not finite gives nothing to run.
bool canRun(const CandidateResult &candidate) { return candidate.figures || candidate.name == "file"; }

} // namespace

std::vector<std::string> choicesOf(const std::vector<SlotComparison> &comparisons)
{
    std::vector<std::string> out;
    for (const SlotComparison &comparison : comparisons)
        for (const CandidateResult &candidate : comparison.candidates)
            if (canRun(candidate))
                out.push_back(fmt::format("{}:{}={}", comparison.layer, comparison.slot, candidate.name));
    return out;
}

std::vector<DataEffect> effectsInOrder(
    const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &ofChoices)
{
    std::vector<DataEffect> out;
    std::size_t at = 0;
    for (const SlotComparison &comparison : comparisons)
        for (const CandidateResult &candidate : comparison.candidates)
            out.push_back(canRun(candidate) ? ofChoices.at(at++) : DataEffect());
    return out;
}

void addEffect(nlohmann::ordered_json &object, const DataEffect &effect)
{
    object["output_sqnr_db"] = orNull(effect.outputSqnrDb);
    object["predictions_changed"] = orNull(effect.predictionsChanged);
    object["accuracy"] = orNull(effect.accuracy);
}

std::vector<std::string> effectHeadings()
{
    std::vector<std::string> out;
    for (const FigureId id : {FigureId::OutputSqnr, FigureId::PredictionsChanged, FigureId::Accuracy})
        out.emplace_back(figureOf(id).heading);
    return out;
}

std::vector<std::string> effectCells(const DataEffect &effect)
{
    CandidateFigures figures;
    figures.effect = effect;
    std::vector<std::string> out;
    for (const FigureId id : {FigureId::OutputSqnr, FigureId::PredictionsChanged, FigureId::Accuracy}) {
        const auto value = figureOf(id).value(figures);
        out.push_back(value                                    ? terminalText(figureOf(id), *value)
                : id == FigureId::OutputSqnr && effect.isExact ? "exact"
                                                               : "-");
    }
    return out;
}

void addEffects(nlohmann::ordered_json &document, const std::vector<DataEffect> &effects)
{
    std::size_t at = 0;
    for (auto &layer : document["layers"])
        for (auto &candidate : layer["candidates"])
            addEffect(candidate, effects.at(at++));
}

std::string effectsText(const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &effects)
{
    std::string out;
    std::size_t at = 0;
    for (const SlotComparison &comparison : comparisons) {
        std::vector<std::vector<std::string>> rows(1, {"Candidate"});
        for (std::string &heading : effectHeadings())
            rows[0].push_back(std::move(heading));
        for (const CandidateResult &candidate : comparison.candidates) {
            rows.push_back({printable(candidate.name)});
            for (std::string &cell : effectCells(effects.at(at++)))
                rows.back().push_back(std::move(cell));
        }
        out += fmt::format("{} {}: on data, against the network's output with the file's own quantizers\n\n{}\n",
            printable(comparison.layer), comparison.slot, alignedTable(rows, 1));
    }
    return out;
}

} // namespace quantscope
