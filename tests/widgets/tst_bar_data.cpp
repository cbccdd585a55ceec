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
};

QTEST_MAIN(BarDataTest)
#include "tst_bar_data.moc"
