#include "report/sweep_report.h"

#include "base/text.h"
#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

QuantizationError errorOf(const Allocation &allocation)
{
    return {.count = 1, .signalPower = allocation.signalPower, .errorPower = allocation.errorPower};
}

QuantizationError errorOf(const SweepPoint &point)
{
    return {.count = 1, .signalPower = point.signalPower, .errorPower = point.errorPower};
}

Json choiceJson(const SweepPoint &point)
{
    return {{"layer", point.layer}, {"slot", point.slot}, {"name", point.candidate}, {"sqnr_db", orNull(point.sqnrDb)}};
}

Json allocationJson(const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    Json out{
        {"bits", allocation.bits}, {"error_power", allocation.errorPower}, {"sqnr_db", orNull(allocation.sqnrDb())}};
    out["choices"] = Json::array();
    for (const std::size_t i : allocation.points)
        out["choices"].push_back(choiceJson(points[i]));
    return out;
}

Json cheapestJson(const Network &network, const std::vector<SweepPoint> &points, double minimumDb)
{
    const Allocation cheapest = cheapestKeeping(points, minimumDb);
    Json out = allocationJson(points, cheapest);
    out["minimum_sqnr_db"] = minimumDb;
    out["unmet"] = Json::array();
    for (const std::size_t i : cheapest.unmet)
        out["unmet"].push_back(choiceJson(points[i]));
    const auto recipe = allocationRecipe(network, points, cheapest);
    out["recipe"] = recipe ? Json(*recipe) : Json(nullptr);
    if (!recipe)
        out["recipe_problem"] = recipe.error().message;
    out["python"] = allocationPython(points, cheapest);
    return out;
}

/// SQNR with one line per layer and family, one column per width.
std::string widthTable(const std::vector<SlotComparison> &comparisons, const std::vector<SweepPoint> &points)
{
    using Key = std::pair<std::string, std::string>;
    std::vector<Key> order;
    std::map<Key, std::map<int, std::string>> lines;
    std::set<int> widths;
    const auto add = [&](const Key &key, int width, const std::string &text) {
        if (!lines.contains(key))
            order.push_back(key);
        lines[key].emplace(width, text);
        widths.insert(width);
    };
    std::size_t at = 0;
    for (const SlotComparison &comparison : comparisons) {
        const CandidateResult &file = comparison.candidates.front();
        if (file.figures && file.figures->hasFloats)
            add({comparison.layer, "file"}, file.slot.quantizer->bitWidth.value_or(0), sqnrText(file.figures->error));
        for (; at < points.size() && points[at].layer == comparison.layer; ++at) // they come in the same order
            add({points[at].layer, points[at].family}, points[at].width, sqnrText(errorOf(points[at])));
    }
    std::vector<std::vector<std::string>> rows = {{"Layer", "Candidate"}};
    for (const int width : widths)
        rows[0].push_back(std::to_string(width));
    for (const Key &key : order) {
        std::vector<std::string> row = {printable(key.first), printable(key.second)};
        for (const int width : widths) {
            const auto found = lines[key].find(width);
            row.push_back(found == lines[key].end() ? "" : found->second);
        }
        rows.push_back(std::move(row));
    }
    return "SQNR in dB by bits: weight error, which is not accuracy\n\n" + alignedTable(rows, 2);
}

/// Each line says what changes against the line above it; the first one says everything.
std::string frontTable(const std::vector<SweepPoint> &points)
{
    std::vector<std::vector<std::string>> rows = {{"Total bits", "SQNR dB", "Choice"}};
    std::vector<std::size_t> above;
    for (const Allocation &allocation : paretoFront(points)) {
        bool first = true;
        for (std::size_t i = 0; i < allocation.points.size(); ++i) {
            if (!above.empty() && above[i] == allocation.points[i])
                continue;
            const SweepPoint &point = points[allocation.points[i]];
            rows.push_back({first ? grouped(allocation.bits) : "", first ? sqnrText(errorOf(allocation)) : "",
                "  " + printable(point.layer) + "  " + printable(point.candidate)});
            first = false;
        }
        above = allocation.points;
    }
    for (auto &row : rows) // right-aligned numbers, left-aligned choices
        row = {fmt::format("{:>14}  {:>8}", row[0], row[1]), row[2]};
    return "\nTotal bits against error (the convex hull of the front; each line changes one layer of the line "
           "above)\n\n"
        + alignedTable(rows, 2);
}

std::string goalText(const Network &network, const std::vector<std::string> &missing,
    const std::vector<SweepPoint> &points, double minimumDb)
{
    const Allocation cheapest = cheapestKeeping(points, minimumDb);
    std::string out = fmt::format("\nFewest bits that keep {} dB {}: {} bits\n", shortest(minimumDb),
        cheapest.unmet.empty() && missing.empty() ? "in every layer" : "where it can be kept", grouped(cheapest.bits));
    for (const std::size_t i : cheapest.unmet)
        out += fmt::format("  {} does not reach it: {} dB at most, {}\n", printable(points[i].layer),
            sqnrText(errorOf(points[i])), printable(points[i].candidate));
    for (const std::string &layer : missing)
        out += fmt::format("  {} is left out: no candidate has figures there\n", printable(layer));
    const auto recipe = allocationRecipe(network, points, cheapest);
    return out
        + fmt::format("\n{}\n{}", recipe ? *recipe : fmt::format("No recipe: {}.\n", recipe.error().message),
            allocationPython(points, cheapest));
}

} // namespace

Json sweepJson(const Network &network, const std::vector<SlotComparison> &comparisons,
    const std::vector<SweepPoint> &points, std::optional<double> minimumDb)
{
    Json out;
    out["pareto"] = Json::array();
    for (const Allocation &allocation : paretoFront(points))
        out["pareto"].push_back(allocationJson(points, allocation));
    out["missing"] = layersWithoutPoints(comparisons, points);
    if (minimumDb)
        out["cheapest"] = points.empty() ? Json(nullptr) : cheapestJson(network, points, *minimumDb);
    return out;
}

std::string sweepText(const Network &network, const std::vector<SlotComparison> &comparisons,
    const std::vector<SweepPoint> &points, std::optional<double> minimumDb)
{
    std::string out = widthTable(comparisons, points);
    if (const std::string notes = compareNotes(comparisons); !notes.empty())
        out += "\n" + notes;
    if (points.empty())
        return out + "\nNo candidate has figures, so there is nothing to choose from.\n";
    out += frontTable(points);
    return minimumDb ? out + goalText(network, layersWithoutPoints(comparisons, points), points, *minimumDb) : out;
}

} // namespace quantscope
