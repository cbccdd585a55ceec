#include "lab/sweep.h"

#include "base/text.h"
#include "lab/candidates.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace quantscope {

std::vector<SweepPoint> sweepPoints(const std::vector<SlotComparison> &comparisons)
{
    std::vector<SweepPoint> out;
    for (const SlotComparison &comparison : comparisons)
        for (const CandidateResult &candidate : comparison.candidates) {
            if (candidate.name == "file" || !candidate.figures)
                continue;
            SweepPoint point;
            point.layer = comparison.layer;
            point.slot = comparison.slot;
            point.candidate = candidate.name;
            point.settings = candidate.settings;
            point.family = candidateFamily(candidate.name);
            point.width = candidate.slot.quantizer->bitWidth.value_or(0);
            point.bits = candidate.bits();
            point.signalPower = candidate.figures->error.signalPower;
            point.errorPower = candidate.figures->error.errorPower;
            point.sqnrDb = candidate.figures->error.sqnrDb();
            point.fixedExact = candidate.fixedExact();
            point.caveat = assumedAxisCaveat(candidate.slot);
            out.push_back(std::move(point));
        }
    return out;
}

std::vector<SweepPoint> exactPoints(std::vector<SweepPoint> points)
{
    std::erase_if(points, [](const SweepPoint &point) { return !point.fixedExact; });
    return points;
}

std::string assumedAxisCaveat(const SlotQuantizer &candidate)
{
    if (!candidate.quantizer || candidate.slot != Slot::Weight || candidate.presetAssumed)
        return {};
    const auto scale = candidate.quantizer->origin.find("scale"); // a named preset leaves nothing else to assume
    if (scale == candidate.quantizer->origin.end() || scale->second.origin != Origin::Assumed)
        return {};
    return fmt::format("output channels along axis {}, as of all but transposed convolutions: [[layer]] kind or an "
                       "export beside the file settles it",
        candidate.channelAxis);
}

std::string caveatComments(const std::vector<SweepPoint> &points, const std::vector<std::size_t> &chosen)
{
    static constexpr std::size_t kNamed = 3;
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;
    for (const std::size_t i : chosen) {
        if (points[i].caveat.empty())
            continue;
        auto group = std::ranges::find(groups, points[i].caveat, [](const auto &g) { return g.first; });
        if (group == groups.end())
            group = groups.insert(groups.end(), {points[i].caveat, {}});
        group->second.push_back(printable(points[i].layer));
    }
    std::string out;
    for (const auto &[caveat, layers] : groups) {
        const std::size_t named = layers.size() <= kNamed + 1 ? layers.size() : kNamed;
        out += fmt::format("# {}{}: {}\n",
            fmt::join(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(named), ", "),
            named < layers.size() ? fmt::format(" and {} more layers", layers.size() - named) : "", caveat);
    }
    return out;
}

double SweepPoint::reachedDb() const
{
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    return errorPower == 0 ? kInfinite : sqnrDb.value_or(-kInfinite);
}

std::vector<std::string> layersWithoutPoints(
    const std::vector<SlotComparison> &comparisons, const std::vector<SweepPoint> &points)
{
    std::set<std::pair<std::string, Slot>> known;
    for (const SweepPoint &point : points)
        known.emplace(point.layer, point.slot);
    std::vector<std::string> out;
    for (const SlotComparison &comparison : comparisons)
        if (!known.contains({comparison.layer, comparison.slot}))
            out.push_back(comparison.layer);
    return out;
}

} // namespace quantscope
