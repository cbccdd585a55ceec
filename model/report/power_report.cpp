#include "report/power_report.h"

#include "base/text.h"
#include "quant/fixed_point.h"
#include "report/compare_report.h"
#include "report/layer_table.h"
#include "report/text_table.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

std::string typeText(const CandidateResult &result)
{
    const auto &q = result.slot.quantizer;
    const auto type = q ? fixedType(*q) : std::nullopt;
    return type ? apFixedName(*type) : "-";
}

/// Nothing where nothing is lost.
std::string_view lostAgainst(const PowerTable &table)
{
    if (std::ranges::none_of(table.rows, [](const PowerRow &row) { return row.lostDb.has_value(); }))
        return {};
    return table.rows.front().againstChannels ? "; dB are lost against float scales per channel"
                                              : "; dB are lost against one float scale";
}

} // namespace

std::string powerText(const std::vector<PowerTable> &tables)
{
    std::string out;
    for (const PowerTable &table : tables) {
        std::vector<std::vector<std::string>> rows
            = {{"Scale is", "Candidate", "Scale", "Type", "SQNR dB", "Lost dB", "MSE", "Clipped", "To zero"}};
        for (const PowerRow &row : table.rows) {
            const SlotStatistics &figures = *row.result.figures;
            rows.push_back({row.rule(), printable(row.result.name), scaleText(*row.result.slot.quantizer->scale),
                typeText(row.result), sqnrText(figures.error), row.lostDb ? fmt::format("{:.2f}", *row.lostDb) : "-",
                fmt::format("{:.3e}", figures.error.mse()), figures.clipped ? grouped(*figures.clipped) : "-",
                grouped(figures.zeroed)});
        }
        out += fmt::format("{} {}: from a float scale to a power of two{}{}{}\n\n{}\n", printable(table.layer),
            table.slot, table.fracBits ? fmt::format("; -log2(scale per tensor) = {:.4f}", *table.fracBits) : "",
            lostAgainst(table),
            table.againstQuantized ? "; against the file's dequantized values, since it holds no floats" : "",
            alignedTable(rows, 2));
    }
    return out;
}

Json powerJson(const std::vector<PowerTable> &tables)
{
    Json out{{"schema", 1}, {"layers", Json::array()}};
    for (const PowerTable &table : tables) {
        Json layer{{"name", table.layer}, {"slot", table.slot}};
        if (table.againstQuantized)
            layer["against"] = "the file's dequantized values: it holds no floats";
        layer["minus_log2_scale"] = table.fracBits ? Json(*table.fracBits) : Json(nullptr);
        layer["candidates"] = Json::array();
        for (const PowerRow &row : table.rows) {
            Json candidate = candidateJson(row.result);
            candidate["rules"] = row.rules;
            candidate["lost_db"] = row.lostDb ? Json(*row.lostDb) : Json(nullptr);
            candidate["best"] = row.best;
            layer["candidates"].push_back(std::move(candidate));
        }
        out["layers"].push_back(std::move(layer));
    }
    return out;
}

std::string powerCsv(const std::vector<PowerTable> &tables)
{
    std::string out = "layer,slot,rule,candidate,scale,type,sqnr_db,lost_db,mse,clipped,zeroed,best,minus_log2_scale\n";
    for (const PowerTable &table : tables)
        for (const PowerRow &row : table.rows) {
            const SlotStatistics &figures = *row.result.figures;
            out += csvLine({table.layer, std::string(slotName(table.slot)), row.rule(), row.result.name,
                row.scale > 0 ? shortest(static_cast<float>(row.scale)) : "", typeText(row.result),
                csvNumber(figures.error.sqnrDb()), csvNumber(row.lostDb), shortest(figures.error.mse()),
                figures.clipped ? std::to_string(*figures.clipped) : "", std::to_string(figures.zeroed),
                row.best ? "true" : "false", csvNumber(table.fracBits)});
        }
    return out;
}

} // namespace quantscope
