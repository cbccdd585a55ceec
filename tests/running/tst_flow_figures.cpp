#include "run/flow_figures.h"
#include "run/result_message.h"

#include <cmath>
#include <limits>

#include <QtTest>

using namespace quantscope;

namespace {

Quantizer uint4(std::vector<float> scales, std::optional<int> axis = {})
{
    Quantizer q;
    q.bitWidth = 4;
    q.isSigned = false;
    q.narrow = false;
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    q.scale = Granular{{}, axis, std::move(scales)};
    if (axis)
        q.scale->shape = {1, static_cast<std::int64_t>(q.scale->values.size())};
    return q;
}

FlowFigures measured(const std::vector<float> &x, const Shape &shape, const Quantizer *q)
{
    return measureFlow(x, shape, q, 1);
}

/// All that adds up, as text: what differs is seen at once.
QString textOf(const FlowFigures &f)
{
    const SlotStatistics &s = f.seen;
    std::string out = fmt::format("n{} in[{},{}] out[{},{}] sum{} sq{} codes[{},{}] used{} limit{} clip{} zero{} bad{}",
        s.count, s.low, s.high, f.low, f.high, f.sum, f.squares, s.codesMin, s.codesMax, s.codes.used, s.atLimit,
        s.clipped.value_or(999), s.zeroed, s.nonFinite);
    for (const ChannelStatistics &c : s.channels)
        out += fmt::format(" [{},{}]", c.low, c.high);
    return QString::fromStdString(out);
}

} // namespace

/// Against numbers worked out by hand.
class TestFlowFigures : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Scale 0.5, codes 0..15. In: -1 0 0.2 0.25 1 3.3 7.5 9 -> codes 0 (clipped) 0 0 (0.4 rounds down) 0 (0.5 to even)
    /// 2 7 (6.6) 15 15 (clipped); values 0 0 0 0 1 3.5 7.5 7.5. Code 0 of a number that is not zero: -1, 0.2, 0.25.
    void ofAQuantizer()
    {
        const Quantizer q = uint4({0.5f});
        const FlowFigures f = measured({-1, 0, 0.2f, 0.25f, 1, 3.3f, 7.5f, 9}, {2, 4}, &q);
        QVERIFY(f.hasCodes);
        QCOMPARE(textOf(f),
            QString("n8 in[-1,9] out[0,7.5] sum19.5 sq125.75 codes[0,15] used4 limit6 clip2 zero3 bad0 [-1,1] [0,3.3] "
                    "[0.2,7.5] [0.25,9]"));
        QCOMPARE(*f.mean(), 19.5 / 8);
        QCOMPARE(*f.rms(), std::sqrt(125.75 / 8));
        QCOMPARE(f.seen.bitWeights.count(-3), std::uint64_t{1}); // 0.2
        QCOMPARE(f.seen.bitWeights.count(3), std::uint64_t{1}); // 9
        QCOMPARE(f.seen.bitWeights.zeros, std::uint64_t{1});
        QCOMPARE(f.seen.codes.bins[0], std::uint64_t{4});
        QCOMPARE(f.seen.codes.bins[15], std::uint64_t{2});
    }

    /// Each column has its own scale, 1 and 0.25: codes 2 8 / 20 -> 15 (clipped) 20 -> 15 (clipped).
    void ofScalesPerChannel()
    {
        const Quantizer q = uint4({1.0f, 0.25f}, 1);
        const FlowFigures f = measured({2, 2, 20, 5}, {2, 2}, &q);
        QCOMPARE(textOf(f),
            QString(
                "n4 in[2,20] out[2,15] sum22.75 sq247.0625 codes[2,15] used3 limit2 clip2 zero0 bad0 [2,20] [2,5]"));
    }

    void withoutAQuantizer()
    {
        const FlowFigures f = measured({-1.5f, 2, 0.5f, 1}, {1, 4}, nullptr);
        QVERIFY(!f.hasCodes);
        QCOMPARE(textOf(f),
            QString("n4 in[-1.5,2] out[-1.5,2] sum2 sq7.5 codes[0,0] used0 limit0 clip999 zero0 bad0 [-1.5,-1.5] [2,2] "
                    "[0.5,0.5] [1,1]"));
    }

    void whatIsNotFinite()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
        const FlowFigures f = measured({nan, 1, inf, 3}, {4}, nullptr);
        QCOMPARE(f.seen.nonFinite, std::uint64_t{2});
        QCOMPARE(f.finite, std::uint64_t{2});
        QCOMPARE(*f.mean(), 2.0);
        const FlowFigures none = measured({}, {0}, nullptr);
        QVERIFY(!none.mean() && !none.rms());
    }

    /// Thousands of numbers that are none do not stand for a code, wherever they stand.
    void partsWithoutNumbers()
    {
        const Quantizer q = uint4({0.5f});
        const std::vector<float> none(40000, std::numeric_limits<float>::quiet_NaN()), some{2, 4};
        std::vector<float> before = none, behind = some;
        before.insert(before.end(), some.begin(), some.end());
        behind.insert(behind.end(), none.begin(), none.end());
        for (const std::vector<float> &x : {before, behind}) {
            const FlowFigures f = measured(x, {40002}, &q);
            QCOMPARE(f.seen.codesMin, std::int64_t{4});
            QCOMPARE(f.seen.codesMax, std::int64_t{8});
            QCOMPARE(f.finite, std::uint64_t{2});
            QCOMPARE(f.sum, 6.0);
            QCOMPARE(f.seen.nonFinite, std::uint64_t{40000});
        }
    }

    /// Pieces add up to the whole, and the message keeps every figure. The numbers are sixteenths: sums are exact.
    void piecesAddUp()
    {
        const Quantizer q = uint4({0.5f});
        std::vector<float> x(40000);
        for (std::size_t i = 0; i < x.size(); ++i)
            x[i] = static_cast<float>(static_cast<int>(i * 7919 % 257) - 64) / 16;
        const FlowFigures whole = measured(x, {100, 400}, &q);
        FlowFigures sum;
        for (std::ptrdiff_t piece = 0; piece < 4; ++piece)
            sum.add(measured({x.begin() + piece * 10000, x.begin() + (piece + 1) * 10000}, {25, 400}, &q));
        QCOMPARE(textOf(sum), textOf(whole));
        QVERIFY(sum.seen.codes.bins == whole.seen.codes.bins);
        QVERIFY(sum.seen.bitWeights.positive == whole.seen.bitWeights.positive);
        RunResult result;
        result.samples = 100;
        result.correct = 7;
        result.outputs = {{"61", {100, 10}, {}}};
        result.layers = {{"relu1", layerId(3), Slot::Act, whole}, {"conv1", {}, {}, sum}};
        result.notes = {"a note"};
        const RunResult back = resultIn(payloadOf(result));
        QCOMPARE(payloadOf(back), payloadOf(result));
        QCOMPARE(textOf(back.layers[0].figures), textOf(whole));
        QCOMPARE(back.at(layerId(3), Slot::Act), static_cast<const LayerFlow *>(back.layers.data()));
        QCOMPARE(std::string(back.layers[1].slotText()), std::string("result"));
        QCOMPARE(back.accuracy().value_or(0), 0.07);
    }

    /// Of wide codes each piece keeps those between its ends; together they are what one pass counts.
    void wideCodes()
    {
        Quantizer q = uint4({1.0f});
        q.bitWidth = 12;
        FlowFigures sum, whole = measured({100, 101, 3000, 5000, 100, 7}, {6}, &q);
        for (const std::vector<float> &piece : std::vector<std::vector<float>>{{100, 101}, {3000, 5000}, {100, 7}})
            sum.add(measured(piece, {2}, &q));
        QCOMPARE(sum.seen.codes.first, std::int64_t{7});
        QCOMPARE(sum.seen.codes.bins.size(), std::size_t{4095 - 7 + 1});
        sum.wholeCodes();
        whole.wholeCodes();
        QCOMPARE(sum.seen.codes.bins.size(), std::size_t{4096});
        QVERIFY(sum.seen.codes.bins == whole.seen.codes.bins);
        QCOMPARE(sum.seen.codes.bins[100], std::uint64_t{2});
        QCOMPARE(sum.seen.codes.used, std::uint64_t{5});
    }

    void percentiles_data()
    {
        QTest::addColumn<double>("percent");
        QTest::addColumn<float>("magnitude");
        QTest::newRow("max") << 100.0 << 100.0f;
        QTest::newRow("99.9: the 100th") << 99.9 << 100.0f;
        QTest::newRow("99: the 99th") << 99.0 << 99.0f;
        QTest::newRow("98.4: the 98th") << 98.4 << 98.0f;
        QTest::newRow("98.6: the 99th") << 98.6 << 99.0f;
        QTest::newRow("1: the first") << 1.0 << 1.0f;
        QTest::newRow("none: the first") << 0.1 << 1.0f;
    }

    /// Of 1, -2, 3, .. -100, each with a bin of its own; what is not finite does not count.
    void percentiles()
    {
        QFETCH(double, percent);
        QFETCH(float, magnitude);
        Magnitudes all, half;
        for (int i = 1; i <= 100; ++i)
            (i % 3 == 0 ? half : all).add(std::vector<float>{static_cast<float>(i % 2 == 0 ? -i : i)});
        all.add(std::vector<float>{NAN, INFINITY, -INFINITY});
        all.add(half);
        QCOMPARE(all.percentile(percent), std::optional(magnitude));
    }

    /// 1 and 1.005 are in one bin of 1/128, which is told by its largest; zeros are magnitudes too.
    void binsOfMagnitudes()
    {
        const std::vector<float> x{0, -1, 1.005f, 1, 1.01f};
        const FlowFigures f = measureFlow(x, {5}, nullptr, {}, true);
        QVERIFY(
            (f.magnitudes.bins() == std::vector<Magnitudes::Bin>{{0, 0, 1}, {0x3F80, 1.005f, 3}, {0x3F81, 1.01f, 1}}));
        QCOMPARE(f.magnitudes.percentile(20), std::optional(0.0f));
        QCOMPARE(f.magnitudes.percentile(50), std::optional(1.005f));
        QCOMPARE(f.magnitudes.percentile(100), std::optional(1.01f));
        QVERIFY(!Magnitudes().percentile(50));
        QVERIFY(measureFlow(x, {5}, nullptr).magnitudes.bins().empty());
        RunResult result;
        result.layers = {{"relu1", layerId(3), Slot::Act, f}};
        QVERIFY(resultIn(payloadOf(result)).layers[0].figures.magnitudes.bins() == f.magnitudes.bins());
        QVERIFY_EXCEPTION_THROWN(Magnitudes({{0x3F80, 2, 1}}), ParseError);
        QVERIFY_EXCEPTION_THROWN(Magnitudes({{0x3F80, 1, 0}}), ParseError);
        QVERIFY_EXCEPTION_THROWN(Magnitudes({{0x7F80, INFINITY, 1}}), ParseError);
        QVERIFY_EXCEPTION_THROWN(Magnitudes({{0x3F81, 1.01f, 1}, {0x3F80, 1, 1}}), ParseError);
    }

    void brokenMessages()
    {
        for (const char *text : {"", "[]", "{}", "{\"samples\":-1}", "{\"samples\":1,\"outputs\":3}"})
            QVERIFY_EXCEPTION_THROWN(resultIn(text), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestFlowFigures)
#include "tst_flow_figures.moc"
