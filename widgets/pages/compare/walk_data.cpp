#include "pages/compare/walk_data.h"

#include "dialects/brevitas/presets.h"
#include "items/text.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static bool hasAccuracy(const WidthWalk &walk) { return walk.own.accuracy.has_value(); }

/// What is drawn; nullopt for an output that does not change, which is beyond every scale.
static std::optional<double> drawnFigure(const DataEffect &effect)
{
    return effect.accuracy ? std::optional(100 * *effect.accuracy) : effect.outputSqnrDb;
}

QString walkEffectText(const DataEffect &effect)
{
    QStringList parts;
    if (effect.accuracy)
        parts << u"accuracy %1 %"_s.arg(100 * *effect.accuracy, 0, 'f', 2);
    if (effect.predictionsChanged)
        parts << countText(*effect.predictionsChanged, u"prediction"_s) + u" changed"_s;
    if (effect.isExact || effect.outputSqnrDb)
        parts << (effect.isExact ? u"output unchanged"_s : u"output "_s + decibelText(effect.outputSqnrDb));
    return parts.join(u", "_s);
}

static bool isActivation(const SweepPoint &point) { return presetSlot(point.slot) == Slot::Act; }

/// "conv1", of activations "relu1 act".
static QString nameOf(const SweepPoint &point)
{
    return shownText(point.layer) + (isActivation(point) ? u" "_s + qs(point.slot) : QString());
}

QString walkTotalTitle(const std::vector<SweepPoint> &points)
{
    const bool some = std::ranges::any_of(points, isActivation);
    return !some                                    ? u"weights of these layers, kbit"_s
        : std::ranges::all_of(points, isActivation) ? u"activations of one sample, kbit"_s
                                                    : u"weights of these layers and activations of one sample, kbit"_s;
}

static QString totalTip(const std::vector<SweepPoint> &points, const WidthWalk &walk, const WalkStep &step)
{
    const WalkBits bits = walkBits(points, walk, step);
    return bits.activations == 0 ? bitText(step.allocation.bits)
        : bits.weights == 0
        ? u"activations of one sample "_s + bitText(bits.activations)
        : u"weights %1, activations of one sample %2"_s.arg(bitText(bits.weights), bitText(bits.activations));
}

SweepData walkAlone(const std::vector<SweepPoint> &points, const WidthWalk &walk)
{
    SweepData data;
    data.xTitle = u"bits"_s;
    data.yTitle = hasAccuracy(walk) ? u"accuracy, %"_s : u"output SQNR, dB"_s;
    data.wholeNumbers = true;
    for (std::size_t i = 0; i < points.size() && i < walk.alone.size(); ++i) {
        const auto figure = walk.alone[i] ? drawnFigure(*walk.alone[i]) : std::nullopt;
        if (!figure)
            continue;
        const QString name = nameOf(points[i]);
        if (data.lines.empty() || data.lines.back().name != name)
            data.lines.push_back({.name = name, .dots = {}});
        data.lines.back().dots.push_back({static_cast<double>(points[i].width), *figure,
            u"%1 bits alone: %2"_s.arg(points[i].width).arg(walkEffectText(*walk.alone[i]))});
    }
    return data;
}

namespace {

/// Steps by the line that they are drawn in.
std::vector<std::size_t> drawnSteps(const WidthWalk &walk, bool onFront)
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < walk.steps.size(); ++i)
        if (walk.steps[i].onFront == onFront && drawnFigure(walk.steps[i].effect))
            out.push_back(i);
    return out;
}

QString widthsOf(const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    static constexpr std::size_t kNamed = 12;
    QStringList parts;
    for (std::size_t i = 0; i < std::min(kNamed, allocation.points.size()); ++i)
        parts << u"%1 %2"_s.arg(nameOf(points[allocation.points[i]])).arg(points[allocation.points[i]].width);
    return parts.join(u", "_s)
        + (allocation.points.size() > kNamed ? u" and %1 more"_s.arg(allocation.points.size() - kNamed) : QString());
}

} // namespace

SweepData walkTogether(const std::vector<SweepPoint> &points, const WidthWalk &walk, std::optional<std::size_t> chosen)
{
    SweepData data;
    data.xTitle = walkTotalTitle(points);
    data.yTitle = hasAccuracy(walk) ? u"accuracy, %"_s : u"output SQNR, dB"_s;
    for (const bool onFront : {true, false}) {
        SweepLine line{.name = onFront ? u"Pareto front"_s : u"walked, no better than fewer bits"_s, .dots = {}};
        line.joined = onFront;
        for (const std::size_t i : drawnSteps(walk, onFront)) {
            const WalkStep &step = walk.steps[i];
            line.dots.push_back({static_cast<double>(step.allocation.bits) / 1000, *drawnFigure(step.effect),
                u"%1: %2\nbits: %3"_s.arg(
                    totalTip(points, walk, step), walkEffectText(step.effect), widthsOf(points, step.allocation)),
                chosen == i});
        }
        data.lines.push_back(std::move(line));
    }
    return data;
}

std::optional<std::size_t> walkStepAt(const WidthWalk &walk, int line, int dot)
{
    const auto front = drawnSteps(walk, true);
    const auto &steps = line == 0 && !front.empty() ? front : drawnSteps(walk, false); // empty lines are not drawn
    return dot >= 0 && dot < static_cast<int>(steps.size()) ? std::optional(steps[static_cast<std::size_t>(dot)])
                                                            : std::nullopt;
}

} // namespace quantscope
