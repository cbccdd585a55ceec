#include "charts/bar_chart.h"
#include "charts/sweep_chart.h"
#include "items/facts.h"
#include "pages/channels/channels_page.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_table.h"
#include "pages/compare/sweep_panel.h"
#include "pages/distribution/distribution_page.h"
#include "pages/page_table.h"
#include "pages/recipe/recipe_page.h"
#include "quant/code_reader.h"
#include "support.h"

#include <QClipboard>
#include <QLabel>
#include <QMenu>
#include <QTableView>

#include <algorithm>
#include <cmath>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What pages show is held against the elements and figures that it comes from, whole.
class PageFiguresTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }
    void init()
    {
        test::failOnWarnings();
        m_session.selectLayers({u"conv2"_s});
    }

    /// Tabs, menu and pictures know the same pages; each is what its row says.
    void everyPageHasItsRow()
    {
        QStringList names, pictures;
        for (const PageRow &row : pageTable()) {
            QCOMPARE(static_cast<int>(row.id), static_cast<int>(names.size()));
            QCOMPARE(&pageRow(row.id), &row);
            names << row.name();
            pictures << row.picture;
            QVERIFY(!row.tip.isEmpty());
        }
        QCOMPARE(names,
            (QStringList{
                u"Overview"_s, u"Distribution"_s, u"Values"_s, u"Channels"_s, u"Compare"_s, u"Export"_s, u"Recipe"_s}));
        QCOMPARE(names.join(u' ').toLower(), pictures.join(u' '));
        const std::unique_ptr<Page> compare(pageRow(PageId::Compare).make(m_session, nullptr));
        QCOMPARE(
            compare->parts(), (QStringList{u"compare"_s, u"compare-sweep"_s, u"compare-power"_s, u"compare-data"_s}));
        const std::unique_ptr<Page> values(pageRow(PageId::Values).make(m_session, nullptr));
        QVERIFY(values->parts().isEmpty() && values->idle());
    }

    /// One bar a code, counted here once more from the codes themselves.
    void codesOfTheChart()
    {
        std::map<std::int64_t, std::uint64_t> counts;
        CodeReader reader(*m_session.currentSlot().slot);
        std::vector<std::int64_t> codes(reader.count());
        reader.integers(0, codes);
        for (const std::int64_t code : codes)
            ++counts[code];
        DistributionPage page(m_session);
        page.showChart(DistributionPage::Codes);
        const BarData &data = page.findChild<BarChart *>()->data();
        QCOMPARE(data.low, -31.5); // 6 bits, narrow
        QCOMPARE(data.high, 31.5);
        QCOMPARE(data.sets[0].values.size(), std::size_t(63));
        for (std::size_t bar = 0; bar < 63; ++bar) {
            const std::int64_t code = static_cast<std::int64_t>(bar) - 31;
            const std::uint64_t count = counts.contains(code) ? counts[code] : 0;
            QCOMPARE(data.sets[0].values[bar] + data.sets[1].values[bar], static_cast<double>(count));
            QCOMPARE(data.describe(bar),
                u"code %1\n"_s.arg(withMinus(QString::number(code)))
                    + (count == 0 ? u"never used"_s
                                  : u"%1 of 4,608 (%2)"_s.arg(
                                      groupedText(count), shareText(static_cast<double>(count) / 4608))));
        }
        QCOMPARE(data.sets[2].name, u"never used (%1)"_s.arg(63 - counts.size()));
        QCOMPARE(data.markers[0].text, u"end −31"_s);
        QCOMPARE(data.markers[1].text, u"end 31"_s);
    }

    /// Up to every edge lie as many weights as are smaller, but for those that the edge itself may round away.
    void weightsOfTheChart()
    {
        std::vector<float> floats = weights("conv2");
        std::sort(floats.begin(), floats.end());
        DistributionPage page(m_session);
        page.showChart(DistributionPage::Values);
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        const BarData &data = page.findChild<BarChart *>()->data();
        const std::size_t bars = data.sets[0].values.size();
        const double width = (data.high - data.low) / static_cast<double>(bars);
        double sum = 0;
        for (std::size_t bar = 0; bar < bars; ++bar) {
            sum += data.sets[0].values[bar] + data.sets[1].values[bar];
            const double edge = data.low + static_cast<double>(bar + 1) * width;
            const auto below = [&](double limit) {
                return static_cast<double>(
                    std::lower_bound(floats.begin(), floats.end(), static_cast<float>(limit)) - floats.begin());
            };
            QVERIFY(below(edge - 1e-6) <= sum && sum <= below(edge + 1e-6));
        }
        QCOMPARE(sum, 4608.0);
        QCOMPARE(data.markers[0].text, u"limit −0.484375 = code −31"_s);
        QCOMPARE(data.markers[1].text, u"limit 0.484375 = code 31"_s);
    }

    /// Bars and sentence of the channels, from the weights.
    void channelsOfTheChart()
    {
        ChannelsPage page(m_session);
        page.refreshNow();
        const std::vector<float> floats = weights("conv2");
        const BarData &data = page.findChild<BarChart *>()->data();
        QCOMPARE(data.sets[0].values.size(), std::size_t(32));
        double widest = 0, narrowest = INFINITY;
        for (std::size_t channel = 0; channel < 32; ++channel) {
            const auto begin = floats.begin() + static_cast<std::ptrdiff_t>(channel * 144); // 16 * 3 * 3
            const auto [low, high] = std::minmax_element(begin, begin + 144);
            QCOMPARE(data.sets[0].values[channel], static_cast<double>(*high));
            QCOMPARE(data.sets[1].values[channel], static_cast<double>(*low));
            const double reach = static_cast<double>(std::max(std::abs(*low), std::abs(*high)));
            widest = std::max(widest, reach);
            narrowest = std::min(narrowest, reach);
        }
        const QString summary = page.findChild<QLabel *>(u"channels-summary"_s)->text();
        QVERIFY2(summary.startsWith(u"32 channels · "), qPrintable(summary));
        QVERIFY2(summary.endsWith(u"widest channel reaches %1 times as far as the narrowest"_s.arg(
                     QString::number(widest / narrowest, 'f', 1))),
            qPrintable(summary));
    }

    /// What is not computed of minifloats is said, and nothing waits for it.
    void figuresOfMinifloats()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("onnx/qdq_minifloat.onnx")));
        session.selectLayers({u"e4m3fn_mm"_s});
        ChannelsPage page(session);
        page.refreshNow();
        const auto labels = page.findChildren<QLabel *>();
        QVERIFY(std::ranges::any_of(labels,
            [](const QLabel *label) { return label->text() == u"The channels of minifloats are not computed."; }));
        const SlotQuantizer &slot = *session.currentSlot().slot;
        for (const FigureText &figure : slotFigures(slot, session.currentStatistics()))
            QVERIFY2(figure.value != u"…", qPrintable(figure.name));
        const SlotFacts facts = slotFacts(slot);
        QVERIFY2(
            !facts.formula.contains(u"frac bits") && !facts.formula.contains(u"code ·"), qPrintable(facts.formula));
        QVERIFY(std::ranges::none_of(facts.rows, [](const Fact &row) { return row.label == u"LSB"; }));
        QCOMPARE(fractionText(*slot.quantizer), u"–"_s);
    }

    /// What Ctrl+C takes out of the table of candidates is what the model's own function computes.
    void candidatesAsTheyAreCopied()
    {
        ComparePage page(m_session);
        page.resize(1000, 800);
        page.show();
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.candidates()->model().columnCount() > 1; }, 20000));
        QTest::keySequence(page.candidates()->table()->candidates(), QKeySequence::Copy);
        const QStringList lines = QApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        const QStringList names = lines[0].split(u'\t').mid(1);
        const auto row = [&](const QString &figure) {
            for (const QString &line : lines)
                if (line.section(u'\t', 0, 0) == figure)
                    return line.split(u'\t').mid(1);
            return QStringList{u"no row "_s + figure};
        };
        const auto compared = compareCandidates(*m_session.network(), {"conv2"},
            offeredCandidates(*m_session.network()->layer("conv2")->slot("weight")), {.skipUnavailable = true});
        QCOMPARE(lines.size(), kCompareFigures + 1);
        QCOMPARE(static_cast<std::size_t>(names.size()), compared->front().candidates.size());
        for (const CandidateResult &candidate : compared->front().candidates) {
            const qsizetype at = names.indexOf(qs(candidate.name));
            QVERIFY(at >= 0);
            const QuantizationError &error = candidate.figures->error;
            const auto number = [](double value, char format, int digits) {
                return value == 0 ? u"0"_s : QString::number(value, format, digits);
            };
            QCOMPARE(row(u"SQNR, dB"_s)[at], QString::number(*error.sqnrDb(), 'f', 1));
            QCOMPARE(row(u"mean error"_s)[at], number(error.mean(), 'e', 2));
            QCOMPARE(row(u"max |error|"_s)[at], QString::number(error.maxAbs, 'g', 4));
            QCOMPARE(row(u"clipped"_s)[at], QString::number(*candidate.figures->clipped));
            QCOMPARE(row(u"rounded to 0"_s)[at], QString::number(candidate.figures->zeroed));
            QCOMPARE(row(u"memory, bits"_s)[at], QString::number(candidate.bits()));
        }
    }

    /// Lines of the sweep: one a family, one dot a width, at the SQNR of the sums over the selected layers.
    void dotsOfTheSweep()
    {
        ComparePage page(m_session);
        page.resize(1000, 800);
        page.show();
        m_session.selectLayers({u"conv2"_s, u"fc1"_s});
        page.showPart(ComparePage::Sweep);
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.sweepPanel()->allocation(); }, 20000));
        const auto points = sweepPoints(*compareCandidates(*m_session.network(), {"conv2", "fc1"},
            atWidths({*parseCandidate("Int8WeightPerTensorFixedPoint")}, 2, 8)));
        const SweepData &data = page.sweepPanel()->findChild<SweepChart *>()->data();
        QCOMPARE(data.lines.size(), std::size_t(3));
        const SweepLine &line = data.lines[2];
        QCOMPARE(line.name, u"per tensor, fixed point"_s);
        QCOMPARE(line.dots.size(), std::size_t(7));
        for (int width = 2; width <= 8; ++width) {
            double signal = 0, error = 0;
            for (const SweepPoint &point : points)
                if (point.width == width) {
                    signal += point.signalPower;
                    error += point.errorPower;
                }
            const SweepDot &dot = line.dots[static_cast<std::size_t>(width - 2)];
            QCOMPARE(dot.x, static_cast<double>(width));
            QCOMPARE(dot.y, 10 * std::log10(signal / error));
            QVERIFY2(dot.tip.startsWith(u"%1 bits: %2, "_s.arg(width).arg(decibelText(dot.y))), qPrintable(dot.tip));
        }
        for (auto *menu : page.sweepPanel()->findChildren<QMenu *>()) {
            Q_EMIT menu->aboutToShow();
            for (QAction *family : menu->actions())
                family->setChecked(false);
        }
        QStringList said;
        for (const auto *label : page.sweepPanel()->findChildren<QLabel *>())
            if (label->isVisible() && label->text().startsWith(u"No "))
                said << label->text();
        QVERIFY2(said.contains(u"No family is chosen."), qPrintable(said.join(u'|')));
    }

    /// The whole table of quantizers, as the sample's recipe and its training script have them.
    void quantizersOfTheRecipe()
    {
        RecipePage page(m_session);
        page.refreshNow();
        QStringList lines;
        for (const QString &line : test::printed(*page.table()->model()))
            lines << line.section(u" | "_s, 0, 3);
        QCOMPARE(lines,
            (QStringList{u"quant_inp | act | ap_fixed<8,2> | Int8ActPerTensorFixedPoint"_s,
                u"conv1 | weight | ap_fixed<8,1> | Int8WeightPerTensorFixedPoint"_s,
                u"conv1 | bias | ap_fixed<16,3> | Int16Bias"_s,
                u"relu1 | act | ap_ufixed<8,2> | Uint8ActPerTensorFixedPoint"_s,
                u"conv2 | weight | ap_fixed<6,0> | Int8WeightPerTensorFixedPoint, bit_width=6"_s,
                u"conv2 | bias | ap_fixed<16,4> | Int16Bias"_s,
                u"relu2 | act | ap_ufixed<6,3> | Uint8ActPerTensorFixedPoint, bit_width=6"_s,
                u"fc1 | weight | ap_fixed<4,-1> | Int8WeightPerTensorFixedPoint, bit_width=4"_s,
                u"fc1 | bias | ap_fixed<16,8> | Int16Bias"_s,
                u"relu3 | act | ap_ufixed<8,4> | Uint8ActPerTensorFixedPoint"_s,
                u"fc2 | weight | ap_fixed<8,0> | Int8WeightPerTensorFixedPoint"_s,
                u"fc2 | bias | ap_fixed<16,4> | Int16Bias"_s}));
    }

private:
    std::vector<float> weights(const std::string &layer) const
    {
        const TensorInfo &tensor = *m_session.network()->layer(layer)->slot("weight")->tensor;
        std::vector<float> floats(tensor.count());
        TensorReader(tensor).floats(0, floats);
        return floats;
    }

    Session m_session;
};

QTEST_MAIN(PageFiguresTest)
#include "tst_page_figures.moc"
