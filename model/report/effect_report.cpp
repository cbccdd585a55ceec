#include "report/effect_report.h"

#include "base/text.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

std::vector<std::string> choicesOf(const std::vector<SlotComparison> &comparisons)
{
    std::vector<std::string> out;
    for (const SlotComparison &comparison : comparisons)
        for (const CandidateResult &candidate : comparison.candidates)
            out.push_back(fmt::format("{}:{}={}", comparison.layer, comparison.slot, candidate.name));
    return out;
}

void addEffects(nlohmann::ordered_json &document, const std::vector<DataEffect> &effects)
{
    std::size_t at = 0;
    for (auto &layer : document["layers"])
        for (auto &candidate : layer["candidates"]) {
            const DataEffect &effect = effects.at(at++);
            candidate["output_sqnr_db"] = orNull(effect.outputSqnrDb);
            candidate["predictions_changed"] = orNull(effect.predictionsChanged);
            candidate["accuracy"] = orNull(effect.accuracy);
        }
}

std::string effectsText(const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &effects)
{
    std::string out;
    std::size_t at = 0;
    for (const SlotComparison &comparison : comparisons) {
        std::vector<std::vector<std::string>> rows
            = {{"Candidate", "Output SQNR dB", "Predictions changed", "Accuracy %"}};
        for (const CandidateResult &candidate : comparison.candidates) {
            const DataEffect &effect = effects.at(at++);
            rows.push_back({printable(candidate.name),
                effect.outputSqnrDb  ? fmt::format("{:.2f}", *effect.outputSqnrDb)
                    : effect.isExact ? "exact"
                                     : "-",
                effect.predictionsChanged ? grouped(*effect.predictionsChanged) : "-",
                effect.accuracy ? fmt::format("{:.2f}", 100.0 * *effect.accuracy) : "-"});
        }
        out += fmt::format("{} {}: on data, against the network's output with the file's own quantizers\n\n{}\n",
            printable(comparison.layer), comparison.slot, alignedTable(rows, 1));
    }
    return out;
}

} // namespace quantscope
