#include "analysis/analyse.h"
#include "analysis/value_histogram.h"
#include "charts/bar_data.h"
#include "support.h"
#include "tensor/memory_tensor.h"

#include <cmath>
#include <numeric>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What the value and code histograms draw, for the tensors that have no ordinary range.
class BarDataTest : public QObject {
    Q_OBJECT
    static SlotQuantizer slotOf(const std::vector<float> &values, float scale)
    {
        SlotQuantizer slot;
        slot.slot = Slot::Weight;
        slot.shape = {static_cast<std::int64_t>(values.size())};
        slot.tensor = floatTensor({}, slot.shape, values);
        Quantizer q;
        q.bitWidth = 8;
        q.isSigned = true;
        q.narrow = true;
        q.scale = Granular{{}, {}, {scale}};
        q.zeroPoint = Granular{{}, {}, {0.0f}};
        slot.quantizer = q;
        return slot;
    }
    static double sum(const std::vector<double> &values) { return std::accumulate(values.begin(), values.end(), 0.0); }

private Q_SLOTS:
    void values_data()
    {
        constexpr float inf = INFINITY, nan = NAN;
        QTest::addColumn<std::vector<float>>("weights");
        QTest::addColumn<float>("scale");
        QTest::addColumn<double>("zoom");
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::addColumn<double>("inRange");
        QTest::addColumn<double>("beyond");
        const auto row = [](const char *name, std::vector<float> weights, float scale, double zoom, double low,
                             double high, double inRange, double beyond) {
            QTest::newRow(name) << weights << scale << zoom << low << high << inRange << beyond;
        };
        row("ordinary", {-1, -0.5f, 0.25f, 1}, 1.0f / 127, 1, -1, 1, 4, 0);
        row("clipped", {-1, -0.5f, 0.25f, 1}, 0.5f / 127, 1, -1, 1, 2, 2);
        row("zoomed", {-1, -0.5f, 0.25f, 1}, 1.0f / 127, 2, -0.5, 0.5, 2, 0);
        row("one value", {0.5f, 0.5f}, 0.5f / 127, 1, 0.25, 0.75, 2, 0);
        row("all zero, scale at its floor", {0, 0, 0}, 7.874e-13f, 1, -1, 1, 3, 0);
        row("an infinity among ordinary weights", {inf, 1, -0.5f}, inf, 1, -2, 2, 2, 0);
        row("both infinities and NaN", {inf, -inf, nan, 3}, nan, 1, -4, 4, 1, 0);
        row("the largest floats", {3e38f, -3e38f}, 3e38f / 127, 1, -3e38f, 3e38f, 2, 0);
    }
    void values()
    {
        QFETCH(std::vector<float>, weights);
        QFETCH(float, scale);
        QFETCH(double, zoom);
        QFETCH(double, low);
        QFETCH(double, high);
        QFETCH(double, inRange);
        QFETCH(double, beyond);
        const SlotQuantizer slot = slotOf(weights, scale);
        const auto window = valueWindow(*analyse(slot), zoom, 64);
        QVERIFY(window.has_value());
        QCOMPARE(window->low, low);
        QCOMPARE(window->high, high);
        const BarData data = valueBars(*valueHistogram(slot, *window), &*slot.quantizer, weights.size(), zoom > 1);
        QCOMPARE(sum(data.sets[0].values), inRange);
        QCOMPARE(sum(data.sets[1].values), beyond);
        QVERIFY(data.sets[0].values.size() <= BarChart::kMaxBars);
        QVERIFY(data.low <= low && data.high >= high);
        if (zoom > 1) {
            QCOMPARE(data.low, low);
            QCOMPARE(data.markers.size(), std::size_t(0)); // ±1 is not in view
        }
        for (const BarMarker &marker : data.markers)
            QVERIFY(std::isfinite(marker.x));
    }

    /// Of [-0.5, 0.5] in 64 bins: -0.5 lies beyond a limit of 0.3, 0.25 does not.
    void wordsOfAValue()
    {
        const SlotQuantizer slot = slotOf({-1, -0.5f, 0.25f, 1}, 0.3f / 127);
        const auto window = valueWindow(*analyse(slot), 2, 64);
        QVERIFY(window.has_value());
        const BarData data = valueBars(*valueHistogram(slot, *window), &*slot.quantizer, 4, true);
        QCOMPARE(data.describe(0), u"[−0.5, −0.484375)\n1 of 4 (25.0 %)\nbeyond the limits: saturates"_s);
        QCOMPARE(data.describe(48), u"[0.25, 0.265625)\n1 of 4 (25.0 %)\nin range"_s);
    }

    void nothingFinite() { QVERIFY(!valueWindow(*analyse(slotOf({NAN, INFINITY, -INFINITY}, 1)), 1, 64)); }

    void unusedCodesAreMarked()
    {
        SlotQuantizer slot = slotOf({-3, 0, 0, 1}, 1);
        slot.quantizer->bitWidth = 3; // -3 .. 3
        const auto statistics = analyse(slot);
        const BarData data = codeBars(statistics->codes, *slot.quantizer, statistics->count);
        QCOMPARE(data.sets.size(), std::size_t(3));
        QCOMPARE(data.sets[2].name, u"never used (4)"_s); // -2, -1, 2, 3
        const std::vector<double> marks = data.sets[2].values;
        QCOMPARE(std::count(marks.begin(), marks.end(), 0.0), std::ptrdiff_t(3));
        QCOMPARE(marks[0], 0.0);
        QVERIFY(marks[1] > 0 && marks[1] < 0.1);
        QCOMPARE(data.markers.size(), std::size_t(2));
        QCOMPARE(data.markers[0].x, -3.0);
        QCOMPARE(data.markers[1].x, 3.0);
        QCOMPARE(data.describe(5), u"code 2\nnever used"_s);
    }

    /// Each channel under its own scale: codes -1 0, 127 0 and 127 (of 160) 4 of 8 narrow bits.
    void tableOfChannels()
    {
        SlotQuantizer slot = slotOf({-0.75f, -0.25f, 12.7f, 0.05f, 40, 1}, 1);
        slot.shape = {3, 2};
        slot.tensor = floatTensor({}, slot.shape, readFloats(*slot.tensor));
        slot.quantizer->scale = Granular{{3, 1}, 0, {1, 0.1f, 0.25f}};
        const Layer layer;
        ChannelModel model;
        model.setChannels(
            {std::make_shared<const Network>(), &layer, &slot}, analyse(slot, {.channels = true})->channels);
        QStringList heads;
        for (int column = 0; column < model.columnCount(); ++column)
            heads << model.headerData(column, Qt::Horizontal).toString();
        QCOMPARE(heads,
            (QStringList{u"Channel"_s, u"Scale"_s, u"Frac. bits"_s, u"Smallest w"_s, u"Largest w"_s, u"Codes"_s,
                u"At limit"_s, u"SQNR, dB"_s, u"Changed"_s}));
        QCOMPARE(test::printed(model),
            (QStringList{u"0 | 2⁰ | 0 | −0.75 | −0.25 | −1 … 0 | 0 | 7.0 | "_s,
                u"1 | 0.1 | – | 0.05 | 12.7 | 0 … 127 | 1 (50.0 %) | 48.1 | "_s,
                u"2 | 2⁻² | 2 | 1 | 40 | 4 … 127 | 1 (50.0 %) | 13.7 | "_s}));
        QCOMPARE(model.number(1, ChannelModel::Codes), 127.0);
        QCOMPARE(model.number(2, ChannelModel::Codes), 123.0);
        QCOMPARE(model.number(2, ChannelModel::FracBits), 2.0);
        QVERIFY(model.number(1, ChannelModel::FracBits) < -1e6); // sorts before all
        const BarData data = channelBars(model, ChannelMetric::AtLimit);
        QCOMPARE(data.sets[0].values, (std::vector<double>{0, 50, 50}));
        QCOMPARE(data.describe(1), u"channel 1\n% at the limits: 50"_s);
        QCOMPARE(data.xTitle, u"output channel"_s);
        QCOMPARE(data.low, -0.5);
        QCOMPARE(data.high, 2.5);
    }

    /// More channels than bars: the largest of each few, and the last bar names those that there are.
    void manyChannels()
    {
        const std::size_t count = BarChart::kMaxBars + 1; // 513: two a bar
        std::vector<float> values(count);
        std::iota(values.begin(), values.end(), 1.0f);
        SlotQuantizer slot = slotOf(values, 8);
        slot.shape = {static_cast<std::int64_t>(count), 1};
        slot.tensor = floatTensor({}, slot.shape, values);
        const Layer layer;
        ChannelModel model;
        model.setChannels(
            {std::make_shared<const Network>(), &layer, &slot}, analyse(slot, {.channels = true})->channels);
        const BarData data = channelBars(model, ChannelMetric::Range);
        QCOMPARE(data.sets[0].values.size(), std::size_t(257));
        QCOMPARE(data.xTitle, u"output channel, the largest of 2 per bar"_s);
        QCOMPARE(data.high, 513.5);
        QCOMPARE(data.sets[0].values[1], 4.0);
        QCOMPARE(data.describe(1), u"channels 2 … 3\nsmallest and largest weight: 3 … 4"_s);
        QCOMPARE(data.describe(256), u"channels 512 … 512\nsmallest and largest weight: 513 … 513"_s);
    }

    void channels_data()
    {
        QTest::addColumn<int>("metric");
        QTest::addColumn<QStringList>("tips");
        QTest::addColumn<std::vector<double>>("bars");
        const auto row
            = [](const char *title, ChannelMetric metric, const QStringList &tips, std::vector<double> bars) {
                  QTest::newRow(title) << static_cast<int>(metric) << tips << bars;
              };
        row("range", ChannelMetric::Range,
            {u"channel 0\nsmallest and largest weight: −0.75 … −0.25"_s,
                u"channel 1\nsmallest and largest weight: 0.5 … 2"_s,
                u"channel 2\nsmallest and largest weight: 1 … 1"_s},
            {0, 2, 1});
        row("scale", ChannelMetric::Scale,
            {u"channel 0\nscale: 1"_s, u"channel 1\nscale: 1"_s, u"channel 2\nscale: 1"_s}, {1, 1, 1});
        // Codes -1 0, 0 2, 1 1: Σ w² = 10/16, 17/4, 2 and Σ e² = 2/16, 1/4, 0.
        row("SQNR", ChannelMetric::Sqnr,
            {u"channel 0\nSQNR, dB: 6.9897"_s, u"channel 1\nSQNR, dB: 12.3045"_s, u"channel 2\nSQNR, dB: –"_s},
            {10 * std::log10(5.0), 10 * std::log10(17.0), 0});
        row("limits", ChannelMetric::AtLimit,
            {u"channel 0\n% at the limits: 0"_s, u"channel 1\n% at the limits: 0"_s,
                u"channel 2\n% at the limits: 0"_s},
            {0, 0, 0});
    }
    /// Weights of one sign keep their ends in the words, though bars begin at zero.
    void channels()
    {
        QFETCH(int, metric);
        QFETCH(QStringList, tips);
        QFETCH(std::vector<double>, bars);
        SlotQuantizer slot = slotOf({-0.75f, -0.25f, 0.5f, 2, 1, 1}, 1);
        slot.shape = {3, 2};
        slot.tensor = floatTensor({}, slot.shape, readFloats(*slot.tensor));
        const Layer layer;
        const auto network = std::make_shared<const Network>();
        ChannelModel model;
        model.setChannels({network, &layer, &slot}, analyse(slot, {.channels = true})->channels);
        const BarData data = channelBars(model, static_cast<ChannelMetric>(metric));
        QStringList found;
        for (std::size_t bar = 0; bar < 3; ++bar)
            found << data.describe(bar);
        QCOMPARE(found, tips);
        QCOMPARE(data.sets[0].values, bars);
        if (static_cast<ChannelMetric>(metric) == ChannelMetric::Range)
            QCOMPARE(data.sets[1].values, (std::vector<double>{-0.75, 0, 0}));
    }
};

QTEST_MAIN(BarDataTest)
#include "tst_bar_data.moc"
