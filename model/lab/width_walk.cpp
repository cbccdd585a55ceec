#include "lab/width_walk.h"

#include "dialects/brevitas/presets.h"

#include <algorithm>
#include <limits>
#include <set>

namespace quantscope {

namespace {

/// Counts evaluations, and says what is known after each.
class Walker {
public:
    Walker(const std::vector<SweepPoint> &points, const EvaluatePoints &evaluate, const Progress &progress,
        const std::function<void(const WidthWalk &)> &show, const BitsOfPoints &bitsOf)
        : m_points(points)
        , m_evaluate(evaluate)
        , m_progress(progress)
        , m_show(show)
        , m_bitsOf(bitsOf)
        , m_total(walkCount(points).total())
    {
        m_walk.alone.resize(points.size());
        for (const SweepPoint &point : points)
            m_walk.bits.push_back(point.bits);
    }

    Result<WidthWalk> run()
    {
        return measure({}, [&](DataEffect effect) { takeOwn(std::move(effect)); })
            .and_then([&] { return measureAlone(); })
            .and_then([&] { return walk(); })
            .map([&] { return std::move(m_walk); });
    }

private:
    Result<void> measure(const std::vector<std::size_t> &points, const std::function<void(DataEffect)> &take)
    {
        m_progress.step(m_done, m_total);
        auto effect = m_evaluate(points);
        if (!effect)
            return tl::unexpected(effect.error());
        if (!effect->outputErrorPower)
            return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt,
                "the network's first output is not known for all samples, so nothing tells how good widths are: give "
                "fewer samples"});
        ++m_done;
        take(std::move(*effect));
        m_progress.step(m_done, m_total);
        if (m_show)
            m_show(m_walk);
        return {};
    }

    void takeOwn(DataEffect effect)
    {
        m_walk.own = std::move(effect);
        if (m_bitsOf)
            m_walk.bits = m_bitsOf();
    }

    Result<void> measureAlone()
    {
        for (std::size_t i = 0; i < m_points.size(); ++i)
            if (m_walk.bits[i] == 0)
                continue;
            else if (auto done = measure({i}, [&](DataEffect effect) { m_walk.alone[i] = std::move(effect); }); !done)
                return done;
        return {};
    }

    /// Errors of the output add up as far as they are small and independent, as those of weights do.
    Result<void> walk()
    {
        std::vector<SweepPoint> byOutput;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < m_points.size(); ++i)
            if (m_walk.alone[i]) {
                byOutput.push_back(m_points[i]);
                byOutput.back().bits = m_walk.bits[i];
                byOutput.back().errorPower = *m_walk.alone[i]->outputErrorPower;
                places.push_back(i);
            }
        for (Allocation &allocation : paretoFront(byOutput)) {
            for (std::size_t &point : allocation.points)
                point = places[point];
            const auto chosen = allocation.points;
            const auto done = measure(chosen, [&](DataEffect effect) {
                m_walk.steps.push_back({std::move(allocation), std::move(effect)});
                markFront();
            });
            if (!done)
                return done;
        }
        return {};
    }

    void markFront()
    {
        double best = -std::numeric_limits<double>::infinity();
        for (WalkStep &step : m_walk.steps) { // they come with ever more bits
            step.onFront = walkFigure(step.effect) > best;
            best = std::max(best, walkFigure(step.effect));
        }
    }

    const std::vector<SweepPoint> &m_points;
    const EvaluatePoints &m_evaluate;
    const Progress &m_progress;
    const std::function<void(const WidthWalk &)> &m_show;
    const BitsOfPoints &m_bitsOf;
    std::size_t m_done = 0, m_total;
    WidthWalk m_walk;
};

} // namespace

WalkCount walkCount(const std::vector<SweepPoint> &points)
{
    std::set<std::pair<std::string, Slot>> slots;
    for (const SweepPoint &point : points)
        slots.emplace(point.layer, point.slot);
    return {.own = 1, .alone = points.size(), .together = points.empty() ? 0 : 1 + points.size() - slots.size()};
}

Result<WidthWalk> walkWidths(const std::vector<SweepPoint> &points, const EvaluatePoints &evaluate,
    const Progress &progress, const std::function<void(const WidthWalk &)> &show, const BitsOfPoints &bitsOf)
{
    try {
        return Walker(points, evaluate, progress, show, bitsOf).run();
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, "", std::nullopt, "was cancelled"});
    }
}

WalkBits walkBits(const std::vector<SweepPoint> &points, const WidthWalk &walk, const WalkStep &step)
{
    WalkBits out;
    for (const std::size_t i : step.allocation.points)
        (presetSlot(points[i].slot) == Slot::Act ? out.activations : out.weights) += walk.bits[i];
    return out;
}

double walkFigure(const DataEffect &effect)
{
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    return effect.accuracy ? *effect.accuracy : effect.isExact ? kInfinite : effect.outputSqnrDb.value_or(-kInfinite);
}

std::optional<std::size_t> fewestBitsKeeping(const WidthWalk &walk, double goal)
{
    const auto found
        = std::ranges::find_if(walk.steps, [&](const WalkStep &step) { return walkFigure(step.effect) >= goal; });
    return found == walk.steps.end() ? std::nullopt
                                     : std::optional(static_cast<std::size_t>(found - walk.steps.begin()));
}

} // namespace quantscope
