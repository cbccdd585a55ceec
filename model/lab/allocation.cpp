#include "lab/allocation.h"

#include <algorithm>
#include <utility>

namespace quantscope {

namespace {

using Group = std::vector<std::size_t>; ///< the points of one slot

/// Points by slot, in order of appearance.
std::vector<Group> bySlot(const std::vector<SweepPoint> &points)
{
    std::vector<Group> groups;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto same = [&](const Group &g) {
            return points[g[0]].layer == points[i].layer && points[g[0]].slot == points[i].slot;
        };
        const auto found = std::find_if(groups.rbegin(), groups.rend(), same); // most often the last one
        (found == groups.rend() ? groups.emplace_back() : *found).push_back(i);
    }
    return groups;
}

/// The points of a slot on the lower convex hull of (bits, error), fewest bits first.
Group lowerHull(const std::vector<SweepPoint> &points, Group group)
{
    std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(points[a].bits, points[a].errorPower) < std::pair(points[b].bits, points[b].errorPower);
    });
    const auto slope = [&](std::size_t a, std::size_t b) {
        return (points[b].errorPower - points[a].errorPower) / static_cast<double>(points[b].bits - points[a].bits);
    };
    Group hull;
    for (const std::size_t i : group) {
        if (!hull.empty()
            && (points[i].bits == points[hull.back()].bits || points[i].errorPower >= points[hull.back()].errorPower))
            continue;
        while (hull.size() >= 2 && slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), i))
            hull.pop_back();
        hull.push_back(i);
    }
    return hull;
}

Allocation total(const std::vector<SweepPoint> &points, std::vector<std::size_t> chosen)
{
    Allocation out;
    for (const std::size_t i : chosen) {
        out.bits += points[i].bits;
        out.errorPower += points[i].errorPower;
        out.signalPower += points[i].signalPower;
    }
    out.points = std::move(chosen);
    return out;
}

} // namespace

std::optional<double> Allocation::sqnrDb() const
{
    return QuantizationError{.signalPower = signalPower, .errorPower = errorPower}.sqnrDb();
}

std::vector<Allocation> paretoFront(const std::vector<SweepPoint> &points)
{
    if (points.empty())
        return {};
    std::vector<Group> hulls;
    for (Group &group : bySlot(points))
        hulls.push_back(lowerHull(points, std::move(group)));
    std::vector<std::size_t> at(hulls.size(), 0);
    std::vector<Allocation> front;
    for (;;) {
        std::vector<std::size_t> chosen;
        for (std::size_t g = 0; g < hulls.size(); ++g)
            chosen.push_back(hulls[g][at[g]]);
        front.push_back(total(points, std::move(chosen)));
        std::optional<std::size_t> steepest;
        double best = 0;
        for (std::size_t g = 0; g < hulls.size(); ++g) {
            if (at[g] + 1 >= hulls[g].size())
                continue;
            const SweepPoint &now = points[hulls[g][at[g]]], &next = points[hulls[g][at[g] + 1]];
            const double gain = (now.errorPower - next.errorPower) / static_cast<double>(next.bits - now.bits);
            if (!steepest || gain > best) {
                steepest = g;
                best = gain;
            }
        }
        if (!steepest)
            return front;
        ++at[*steepest];
    }
}

Allocation cheapestKeeping(const std::vector<SweepPoint> &points, double minimumDb)
{
    const auto sqnr = [&](std::size_t i) { return points[i].reachedDb(); };
    std::vector<std::size_t> chosen, unmet;
    for (const Group &group : bySlot(points)) {
        std::size_t best = group[0];
        for (const std::size_t i : group) {
            const bool keeps = sqnr(i) >= minimumDb, kept = sqnr(best) >= minimumDb;
            // Among those that keep it the fewest bits, then the least error; else the nearest to it.
            const bool better = keeps != kept ? keeps
                : keeps ? std::pair(points[i].bits, -sqnr(i)) < std::pair(points[best].bits, -sqnr(best))
                        : sqnr(i) > sqnr(best);
            if (better)
                best = i;
        }
        chosen.push_back(best);
        if (!(sqnr(best) >= minimumDb))
            unmet.push_back(best);
    }
    Allocation out = total(points, std::move(chosen));
    out.unmet = std::move(unmet);
    return out;
}

} // namespace quantscope
