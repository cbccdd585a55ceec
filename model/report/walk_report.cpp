#include "report/walk_report.h"

#include "base/text.h"
#include "dialects/brevitas/presets.h"
#include "report/effect_report.h"
#include "report/json_text.h"
#include "report/text_table.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

std::size_t runsOf(const WidthWalk &walk)
{
    return 1 + walk.steps.size()
        + static_cast<std::size_t>(std::ranges::count_if(walk.alone, [](const auto &one) { return one.has_value(); }));
}

bool isActivation(const SweepPoint &point) { return presetSlot(point.slot) == Slot::Act; }

/// "conv1", of activations "relu1:act".
std::string nameOf(const SweepPoint &point)
{
    return printable(point.layer) + (isActivation(point) ? fmt::format(":{}", point.slot) : std::string());
}

/// What the total counts.
std::string totalText(const std::vector<SweepPoint> &points)
{
    const auto activations = static_cast<std::size_t>(std::ranges::count_if(points, isActivation));
    return activations == 0            ? "total bits of these layers"
        : activations == points.size() ? "total bits of one sample's activations"
                                       : "total bits of these layers' weights and of one sample's activations";
}

Json pointJson(const SweepPoint &point)
{
    return {{"layer", point.layer}, {"slot", point.slot}, {"name", point.candidate}};
}

/// One line for each layer and family, one column for each width.
std::string aloneTable(const std::vector<SweepPoint> &points, const WidthWalk &walk)
{
    using Line = std::pair<std::string, std::string>;
    std::vector<Line> order;
    std::map<Line, std::map<int, std::string>> lines;
    std::set<int> widths;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Line line(nameOf(points[i]), points[i].family);
        if (!lines.contains(line))
            order.push_back(line);
        lines[line].emplace(points[i].width, walk.alone[i] ? effectCells(*walk.alone[i]).front() : "");
        widths.insert(points[i].width);
    }
    std::vector<std::vector<std::string>> rows = {{"Layer", "Candidate"}};
    for (const int width : widths)
        rows[0].push_back(std::to_string(width));
    for (const Line &line : order) {
        rows.push_back({line.first, printable(line.second)});
        for (const int width : widths) {
            const auto found = lines[line].find(width);
            rows.back().push_back(found == lines[line].end() ? "" : found->second);
        }
    }
    return alignedTable(rows, 2);
}

std::string stepsTable(const std::vector<SweepPoint> &points, const WidthWalk &walk)
{
    const bool isOfBoth = std::ranges::any_of(points, isActivation) && !std::ranges::all_of(points, isActivation);
    std::vector<std::vector<std::string>> rows = {{"Total bits"}};
    if (isOfBoth)
        rows[0].insert(rows[0].end(), {"of weights", "of activations"});
    for (std::string &heading : effectHeadings())
        rows[0].push_back(std::move(heading));
    rows[0].emplace_back("Front");
    std::vector<std::size_t> above;
    std::vector<std::string> choices = {"Choice"};
    for (const WalkStep &step : walk.steps) {
        std::vector<std::string> changes;
        for (std::size_t i = 0; i < step.allocation.points.size(); ++i)
            if (above.empty() || above[i] != step.allocation.points[i]) {
                const SweepPoint &point = points[step.allocation.points[i]];
                changes.push_back(fmt::format("{} {}", nameOf(point), printable(point.candidate)));
            }
        above = step.allocation.points;
        rows.push_back({grouped(step.allocation.bits)});
        if (const WalkBits bits = walkBits(points, walk, step); isOfBoth)
            rows.back().insert(rows.back().end(), {grouped(bits.weights), grouped(bits.activations)});
        for (std::string &cell : effectCells(step.effect))
            rows.back().push_back(std::move(cell));
        rows.back().emplace_back(step.onFront ? "yes" : "-"); // a line's end is cut off
        choices.push_back(fmt::format("{}", fmt::join(changes, "; ")));
    }
    std::string out, line;
    std::istringstream numbers(alignedTable(rows, 0)); // right-aligned numbers, left-aligned choices
    for (std::size_t i = 0; std::getline(numbers, line); ++i)
        out += fmt::format("{}  {}\n", line, choices[i]);
    return out;
}

} // namespace

std::string walkBitsText(const WalkBits &bits)
{
    const std::string activations = grouped(bits.activations) + " bits of one sample's activations";
    if (bits.activations == 0)
        return grouped(bits.weights) + " bits";
    return bits.weights == 0 ? activations : grouped(bits.weights) + " bits of weights and " + activations;
}

std::string walkCountText(const WalkCount &count)
{
    return fmt::format("{} runs at most: the network as it is, {} widths alone, {} together", grouped(count.total()),
        grouped(count.alone), grouped(count.together));
}

Json walkJson(const std::vector<SweepPoint> &points, const WidthWalk &walk)
{
    Json out{{"runs_at_most", walkCount(points).total()}, {"runs", runsOf(walk)}, {"own", Json::object()},
        {"alone", Json::array()}, {"steps", Json::array()}};
    addEffect(out["own"], walk.own);
    for (std::size_t i = 0; i < points.size(); ++i) {
        Json one = pointJson(points[i]);
        one["bits"] = walk.bits[i];
        if (walk.alone[i])
            addEffect(one, *walk.alone[i]);
        out["alone"].push_back(std::move(one));
    }
    for (const WalkStep &step : walk.steps) {
        const WalkBits bits = walkBits(points, walk, step);
        Json one{{"bits", step.allocation.bits}, {"weight_bits", bits.weights}, {"activation_bits", bits.activations}};
        addEffect(one, step.effect);
        one["on_front"] = step.onFront;
        one["choices"] = Json::array();
        for (const std::size_t i : step.allocation.points)
            one["choices"].push_back(pointJson(points[i]));
        out["steps"].push_back(std::move(one));
    }
    return out;
}

std::string walkText(const std::vector<SweepPoint> &points, const WidthWalk &walk)
{
    std::string out = fmt::format("{}; {} made\n", walkCountText(walkCount(points)), grouped(runsOf(walk)));
    if (walk.own.accuracy)
        out += fmt::format("accuracy with the quantizers in force: {} %\n", effectCells(walk.own).back());
    out += "\non data: output SQNR in dB by bits, each layer alone in the network\n\n" + aloneTable(points, walk);
    return out + "\non data: " + totalText(points)
        + ", all together (each line changes the line above as the widths alone "
          "tell; front: no line with as few bits is better)\n\n"
        + stepsTable(points, walk);
}

} // namespace quantscope
