#include "lab/width_walk.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <QtTest>

using namespace quantscope;

namespace {

/// Three layers of 10, 40 and 20 weights at 2, 4 and 8 bits.
std::vector<SweepPoint> threeLayers()
{
    std::vector<SweepPoint> out;
    const std::pair<const char *, std::uint64_t> layers[] = {{"a", 10}, {"b", 40}, {"c", 20}};
    for (const auto &[layer, count] : layers)
        for (const int width : {2, 4, 8}) {
            SweepPoint point;
            point.layer = layer;
            point.width = width;
            point.bits = count * static_cast<std::uint64_t>(width);
            out.push_back(point);
        }
    return out;
}

/// What each point alone does to an output of power 1000. At 8 bits layer c is as the network has it.
constexpr double kErrors[] = {90, 20, 1, 400, 30, 2, 7, 5, 0};

/// A network whose errors add up, and what was asked of it.
class AddingNetwork {
public:
    Result<DataEffect> operator()(const std::vector<std::size_t> &points)
    {
        asked.push_back(points);
        return effectOf(points);
    }

    DataEffect effectOf(const std::vector<std::size_t> &points) const
    {
        double error = 0;
        for (const std::size_t i : points)
            error += kErrors[i];
        DataEffect out;
        out.outputErrorPower = error;
        out.isExact = error == 0;
        if (error > 0)
            out.outputSqnrDb = 10 * std::log10(1000 / error);
        if (hasLabels)
            out.accuracy = error > 100 ? 0.5 : error > 20 ? 0.9 : 0.95;
        return out;
    }

    bool hasLabels = false;
    std::vector<std::vector<std::size_t>> asked;
};

QString textOf(const WidthWalk &walk)
{
    std::string out;
    for (const WalkStep &step : walk.steps)
        out += fmt::format("{} bits{}: {}, error {}\n", step.allocation.bits, step.onFront ? " *" : "",
            fmt::join(step.allocation.points, " "), *step.effect.outputErrorPower);
    return QString::fromStdString(out);
}

DataEffect measured(double sqnrDb, std::optional<double> accuracy = {})
{
    DataEffect out;
    out.outputSqnrDb = sqnrDb;
    out.accuracy = accuracy;
    return out;
}

} // namespace

class TestWidthWalk : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// By hand: error lowered per bit is a 70/20 = 3.5 then 19/40 = 0.475, b 370/80 = 4.6 then 28/160 = 0.175, c 7/120
    /// = 0.058 at once, since its 4 bits lie above that line.
    void goesFromTheFewestBitsUp()
    {
        AddingNetwork network;
        const auto points = threeLayers();
        const auto walk = walkWidths(points, std::ref(network));
        QVERIFY2(walk, walk ? "" : walk.error().text().c_str());
        QCOMPARE(textOf(*walk),
            QString("140 bits *: 0 3 6, error 497\n"
                    "220 bits *: 0 4 6, error 127\n"
                    "240 bits *: 1 4 6, error 57\n"
                    "280 bits *: 2 4 6, error 38\n"
                    "440 bits *: 2 5 6, error 10\n"
                    "560 bits *: 2 5 8, error 3\n"));
        for (std::size_t i = 0; i < points.size(); ++i)
            QCOMPARE(walk->alone[i]->outputErrorPower, std::optional(kErrors[i]));
        QVERIFY(walk->own.isExact);
        std::vector<std::vector<std::size_t>> expected = {{}};
        for (std::size_t i = 0; i < points.size(); ++i)
            expected.push_back({i});
        for (const WalkStep &step : walk->steps)
            expected.push_back(step.allocation.points);
        QCOMPARE(network.asked, expected);
        QCOMPARE(walkCount(points), (WalkCount{1, 9, 7}));
        QVERIFY(network.asked.size() <= walkCount(points).total());
    }

    /// What flows tells the bits of activations; what nothing flows through is left out. By hand: b takes 20 elements a
    /// sample, 370/40 then 28/80 lowered a bit; c 7/120 at once.
    void bitsFromTheRun()
    {
        AddingNetwork network;
        auto points = threeLayers();
        for (std::size_t i = 0; i < 6; ++i)
            points[i].slot = Slot::Act; // a and b
        const auto walk = walkWidths(points, std::ref(network), {}, {}, [&] {
            if (network.asked != std::vector<std::vector<std::size_t>>{{}})
                qFatal("asked before the network has run as it is, or too late");
            std::vector<std::uint64_t> bits;
            for (std::size_t i = 0; i < points.size(); ++i)
                bits.push_back(i < 3 ? 0 : i < 6 ? 20 * static_cast<std::uint64_t>(points[i].width) : points[i].bits);
            return bits;
        });
        QVERIFY2(walk, walk ? "" : walk.error().text().c_str());
        QCOMPARE(textOf(*walk),
            QString("80 bits *: 3 6, error 407\n"
                    "120 bits *: 4 6, error 37\n"
                    "200 bits *: 5 6, error 9\n"
                    "320 bits *: 5 8, error 2\n"));
        QVERIFY(!walk->alone[0] && !walk->alone[1] && !walk->alone[2] && walk->alone[3]);
        QCOMPARE(network.asked.size(), std::size_t{1 + 6 + 4});
        QCOMPARE(walkBits(points, *walk, walk->steps[1]), (WalkBits{.weights = 40, .activations = 80}));
        QCOMPARE(walkBits(points, *walk, walk->steps[3]), (WalkBits{.weights = 160, .activations = 160}));
    }

    /// Where errors add up, no choice of all 27 with as few bits has less error than a step has.
    void isTheBestOfAll()
    {
        AddingNetwork network;
        const auto points = threeLayers();
        const auto walk = walkWidths(points, std::ref(network));
        QVERIFY(walk && walk->steps.size() == 6);
        for (const WalkStep &step : walk->steps)
            for (std::size_t choice = 0; choice < 27; ++choice) {
                const std::vector<std::size_t> all = {choice % 3, 3 + choice / 3 % 3, 6 + choice / 9};
                std::uint64_t bits = 0;
                for (const std::size_t i : all)
                    bits += points[i].bits;
                QVERIFY(bits > step.allocation.bits
                    || *network.effectOf(all).outputErrorPower >= *step.effect.outputErrorPower);
            }
    }

    /// The front is of what was measured together, by accuracy where there is one: equal ones with more bits are not on
    /// it, and the goal takes the fewest bits.
    void accuracyDecides()
    {
        AddingNetwork network;
        network.hasLabels = true;
        const auto walk = walkWidths(threeLayers(), std::ref(network));
        QCOMPARE(textOf(*walk),
            QString("140 bits *: 0 3 6, error 497\n"
                    "220 bits: 0 4 6, error 127\n"
                    "240 bits *: 1 4 6, error 57\n"
                    "280 bits: 2 4 6, error 38\n"
                    "440 bits *: 2 5 6, error 10\n"
                    "560 bits: 2 5 8, error 3\n"));
        QCOMPARE(fewestBitsKeeping(*walk, 0.9), std::optional(std::size_t{2}));
        QCOMPARE(fewestBitsKeeping(*walk, 0.95), std::optional(std::size_t{4}));
        QVERIFY(!fewestBitsKeeping(*walk, 0.96));
        network.hasLabels = false;
        const auto byError = walkWidths(threeLayers(), std::ref(network));
        QCOMPARE(fewestBitsKeeping(*byError, 20), std::optional(std::size_t{4})); // 1000 / 10
    }

    void figures()
    {
        DataEffect exact;
        exact.isExact = true;
        QCOMPARE(walkFigure(measured(12.5)), 12.5);
        QCOMPARE(walkFigure(measured(12.5, 0.25)), 0.25);
        QCOMPARE(walkFigure(exact), std::numeric_limits<double>::infinity());
        QCOMPARE(walkFigure({}), -std::numeric_limits<double>::infinity());
    }

    /// After each evaluation what is known is shown; a receiver that has enough ends it there.
    void canBeCancelled()
    {
        AddingNetwork network;
        std::vector<std::size_t> known;
        const auto stopped = walkWidths(threeLayers(), std::ref(network),
            Progress([&](std::uint64_t done, std::uint64_t total) { return total == 17 && done < 4; }),
            [&](const WidthWalk &walk) {
                known.push_back(static_cast<std::size_t>(
                    std::ranges::count_if(walk.alone, [](const auto &one) { return one.has_value(); })));
            });
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().kind, ErrorKind::Cancelled);
        QCOMPARE(network.asked.size(), std::size_t{4});
        QCOMPARE(known, (std::vector<std::size_t>{0, 1, 2}));
    }

    void errors()
    {
        int runs = 0;
        const auto failing = walkWidths(threeLayers(), [&](const std::vector<std::size_t> &) -> Result<DataEffect> {
            if (++runs == 3)
                return tl::unexpected(Error{ErrorKind::Io, "m.onnx", std::nullopt, "ended"});
            DataEffect out;
            out.outputErrorPower = 1;
            return out;
        });
        QCOMPARE(failing.error().text(), std::string("m.onnx: ended"));
        QCOMPARE(runs, 3);
        const auto unknown = walkWidths(
            threeLayers(), [](const std::vector<std::size_t> &) { return Result<DataEffect>(DataEffect{}); });
        QCOMPARE(unknown.error().kind, ErrorKind::Usage);
    }

    void withoutPoints()
    {
        AddingNetwork network;
        const auto walk = walkWidths({}, std::ref(network));
        QVERIFY(walk && walk->steps.empty());
        QCOMPARE(walkCount({}), (WalkCount{1, 0, 0}));
        QCOMPARE(network.asked.size(), std::size_t{1});
    }
};

QTEST_APPLESS_MAIN(TestWidthWalk)
#include "tst_width_walk.moc"
