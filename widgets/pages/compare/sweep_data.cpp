#include "pages/compare/sweep_data.h"

#include "items/compare_model.h"
#include "items/text.h"
#include "session/sweep_families.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

constexpr std::uint64_t kMega = 1'000'000; ///< bits: from here on an axis counts Mbit

struct Sum {
    double signal = 0, error = 0;
    std::uint64_t bits = 0;
    std::size_t layers = 0;
    std::optional<double> db() const
    {
        return error > 0 && signal > 0 ? std::optional(10 * std::log10(signal / error)) : std::nullopt;
    }
};

/// Family -> width -> sum over layers, families in order of appearance.
std::vector<std::pair<std::string, std::map<int, Sum>>> byFamily(const std::vector<SweepPoint> &points)
{
    std::vector<std::pair<std::string, std::map<int, Sum>>> families;
    for (const SweepPoint &point : points) {
        auto found
            = std::find_if(families.begin(), families.end(), [&](const auto &f) { return f.first == point.family; });
        if (found == families.end())
            found = families.insert(families.end(), {point.family, {}});
        Sum &sum = found->second[point.width];
        sum.signal += point.signalPower;
        sum.error += point.errorPower;
        sum.bits += point.bits;
        ++sum.layers;
    }
    return families;
}

/// A sum over fewer layers than others are over is not to be compared with those.
std::size_t leaveOutPartial(std::map<int, Sum> &widths, std::size_t layers)
{
    return std::erase_if(widths, [&](const auto &width) { return width.second.layers < layers; });
}

/// Widths without any error have no dot: "7, 8".
QString exactWidths(const std::map<int, Sum> &widths)
{
    QStringList out;
    for (const auto &[width, sum] : widths)
        if (sum.error == 0 && sum.signal > 0)
            out << QString::number(width);
    return out.join(u", "_s);
}

std::size_t layersIn(const std::vector<SweepPoint> &points)
{
    std::set<std::string_view> layers;
    for (const SweepPoint &point : points)
        layers.insert(point.layer);
    return layers.size();
}

} // namespace

SweepData sqnrOverBits(const std::vector<SweepPoint> &points, std::optional<double> goalDb)
{
    SweepData data;
    data.xTitle = u"bits"_s;
    data.yTitle = u"SQNR, dB"_s;
    data.wholeNumbers = true;
    data.goal = goalDb;
    data.goalText = goalDb ? u"goal %1 dB"_s.arg(*goalDb) : QString();
    const std::size_t layers = layersIn(points);
    for (auto &[family, widths] : byFamily(points)) {
        SweepLine line{.name = familyTitle(family), .dots = {}};
        if (leaveOutPartial(widths, layers) > 0)
            line.name += u", not in every layer"_s;
        if (const QString exact = exactWidths(widths); !exact.isEmpty())
            line.name += u", exact at %1 bits"_s.arg(exact);
        for (const auto &[width, sum] : widths)
            if (const auto db = sum.db())
                line.dots.push_back({static_cast<double>(width), *db,
                    u"%1 bits: %2, %3 in memory"_s.arg(width).arg(decibelText(db), bitText(sum.bits))});
        data.lines.push_back(std::move(line));
    }
    return data;
}

void addFile(SweepData &data, const CompareModel &model)
{
    if (model.columnCount() == 0 || data.lines.empty())
        return;
    const CompareColumn &file = model.column(0);
    const double db = file.number(CompareFigure::Sqnr);
    if (file.width && std::isfinite(db))
        data.lines.push_back({.name = u"file"_s,
            .dots = {{static_cast<double>(*file.width), db, u"%1 bits: %2"_s.arg(*file.width).arg(decibelText(db))}},
            .joined = false});
}

QString reachText(const std::vector<SweepPoint> &points, double goalDb)
{
    QStringList parts;
    const std::size_t layers = layersIn(points);
    for (auto &[family, widths] : byFamily(points)) {
        leaveOutPartial(widths, layers);
        const auto first = std::find_if(widths.begin(), widths.end(), [&](const auto &width) {
            return width.second.error == 0 || width.second.db().value_or(goalDb - 1) >= goalDb;
        });
        if (first != widths.end())
            parts << (parts.isEmpty()
                    ? u"%1 dB needs %2 bits %3"_s.arg(goalDb).arg(first->first).arg(familyTitle(family))
                    : u"%1 %2"_s.arg(first->first).arg(familyTitle(family)));
    }
    return parts.join(u" · "_s);
}

QString whereText(std::size_t swept, std::size_t layers, std::size_t unmet, std::size_t missing)
{
    const QString some = u"the %1 of %2 swept"_s.arg(swept).arg(countText(layers, u"layer"_s));
    if (unmet > 0 || missing > 0)
        return swept < layers ? u"where it can be kept in "_s + some : u"where it can be kept"_s;
    return swept < layers ? u"in "_s + some : u"in every layer"_s;
}

QString missedText(std::size_t unmet, std::size_t missing)
{
    QString text;
    if (unmet > 0)
        text += u" · ▲ %1 out of reach: those take their best"_s.arg(countText(unmet, u"layer"_s));
    if (missing > 0)
        text += u" · ▲ %1 without a width to choose: those stay as they are"_s.arg(countText(missing, u"layer"_s));
    return text;
}

std::optional<double> allocationDb(const Allocation &allocation) { return allocation.sqnrDb(); }

static QString widthsText(const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    static constexpr std::size_t kNamed = 12;
    QStringList parts;
    for (std::size_t i = 0; i < std::min(kNamed, allocation.points.size()); ++i)
        parts << u"%1 %2"_s.arg(shownText(points[allocation.points[i]].layer)).arg(points[allocation.points[i]].width);
    return parts.join(u", "_s)
        + (allocation.points.size() > kNamed ? u" and %1 more"_s.arg(allocation.points.size() - kNamed) : QString());
}

SweepData frontData(const std::vector<SweepPoint> &points, const std::vector<Allocation> &front,
    const std::optional<Allocation> &chosen, const std::optional<Allocation> &inForce)
{
    SweepData data;
    const bool mega = std::ranges::any_of(front, [](const Allocation &a) { return a.bits >= kMega; });
    const double unit = mega ? 1e6 : 1e3;
    data.xTitle = mega ? u"weights of the network, Mbit"_s : u"weights of the network, kbit"_s;
    data.yTitle = u"SQNR, dB"_s;
    SweepLine line{.name = u"Pareto front"_s, .dots = {}};
    const auto dot = [&](const Allocation &a) {
        return SweepDot{static_cast<double>(a.bits) / unit, allocationDb(a).value_or(0),
            u"%1: %2\nbits: %3"_s.arg(bitText(a.bits), decibelText(allocationDb(a)), widthsText(points, a))};
    };
    for (const Allocation &allocation : front)
        if (allocationDb(allocation))
            line.dots.push_back(dot(allocation));
    data.lines.push_back(std::move(line));
    if (chosen && allocationDb(*chosen))
        data.lines.push_back({.name = u"fewest bits that keep the goal"_s, .dots = {dot(*chosen)}, .joined = false});
    if (inForce && allocationDb(*inForce))
        data.lines.push_back({.name = u"file"_s,
            .dots = {{static_cast<double>(inForce->bits) / unit, *allocationDb(*inForce),
                u"%1: %2, what is in force"_s.arg(bitText(inForce->bits), decibelText(allocationDb(*inForce)))}},
            .joined = false});
    return data;
}

} // namespace quantscope
