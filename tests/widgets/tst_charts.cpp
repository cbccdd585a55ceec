#include "analysis/value_histogram.h"
#include "charts/bar_data.h"
#include "charts/bit_weight_chart.h"
#include "charts/chart_actions.h"
#include "charts/sweep_chart.h"
#include "charts/sweep_view.h"
#include "look/theme.h"
#include "pages/compare/sweep_data.h"
#include "support.h"

#include <QGraphicsTextItem>
#include <QGraphicsView>

using namespace quantscope;
using namespace Qt::StringLiterals;

class ChartsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }
    void init() { test::failOnWarnings(); }

    /// ap_fixed<6,0>: bits 2^-1 (sign) to 2^-6. Half an LSB is 2^-7 and rounds to 0, so everything below 2^-7
    /// underflows.
    void verdicts_data()
    {
        QTest::addColumn<int>("exponent");
        QTest::addColumn<int>("verdict");
        QTest::newRow("above") << 0 << int(BitVerdict::Overflow);
        QTest::newRow("sign") << -1 << int(BitVerdict::Overflow);
        QTest::newRow("largest") << -2 << int(BitVerdict::InRange);
        QTest::newRow("LSB") << -6 << int(BitVerdict::InRange);
        QTest::newRow("half") << -7 << int(BitVerdict::RoundsToLsb);
        QTest::newRow("below") << -8 << int(BitVerdict::Underflow);
    }
    void verdicts()
    {
        QFETCH(int, exponent);
        QFETCH(int, verdict);
        QCOMPARE(int(bitWindow(FixedType{6, 0, true}).verdict(exponent)), verdict);
    }

    void unsignedWordHasNoSign()
    {
        const BitWindow window = bitWindow(FixedType{8, 2, false});
        QCOMPARE(window.verdict(1), BitVerdict::InRange);
        QCOMPARE(window.verdict(2), BitVerdict::Overflow);
    }

    void aWordIsNarrowWhereItIsSaid()
    {
        Quantizer quantizer = *slotRef(m_session.network(), "conv2", Slot::Weight).slot->quantizer;
        QVERIFY(bitWindow(quantizer)->narrow);
        quantizer.narrow.reset();
        QVERIFY(!bitWindow(quantizer)->narrow);
    }

    /// The bars of the drawing: 42, 948, 1488, 1069, 533, 267, 151, 46, 37, 12 from 2^-2 down, and nothing is lost.
    void barsOfTheSample()
    {
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "conv2", Slot::Weight).id());
        QVERIFY(statistics);
        const SlotRef slot = slotRef(m_session.network(), "conv2", Slot::Weight);
        const auto bars = bitBars(statistics->bitWeights, bitWindow(*slot.slot->quantizer));
        std::uint64_t sum = statistics->bitWeights.zeros;
        QMap<int, std::uint64_t> counts;
        for (const BitBar &bar : bars) {
            sum += bar.count();
            counts[bar.exponent] = bar.count();
        }
        QCOMPARE(sum, std::uint64_t(4608));
        const std::uint64_t expected[] = {42, 948, 1488, 1069, 533, 267, 151, 46, 37, 12};
        for (int i = 0; i < 10; ++i)
            QCOMPARE(counts[-2 - i], expected[i]);
        QVERIFY(bars.back().tail);
        QVERIFY(describeBar(bars[5], 4608).contains(u"1,488 of 4,608 (32.3 %)"_s)
            || describeBar(bars[5], 4608).contains(u"1,069"_s));
    }

    void anotherTypeRecolours()
    {
        BitWeightChart chart;
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "conv2", Slot::Weight).id());
        chart.setData(&statistics->bitWeights, bitWindow(FixedType{6, 0, true}));
        QCOMPARE(chart.wordLength(), 6);
        chart.setProperty("integerBits", -1);
        QCOMPARE(chart.integerBits(), -1);
        const auto overflow = std::count_if(chart.bars().begin(), chart.bars().end(),
            [](const BitBar &bar) { return bar.count() > 0 && bar.verdict == BitVerdict::Overflow; });
        QCOMPARE(overflow, 1); // the 42 weights of 2^-2
        const auto shown = [&] {
            QStringList out;
            for (const BitBar &bar : chart.bars())
                out << u"%1 %2"_s.arg(bar.exponent).arg(int(bar.verdict));
            return out;
        };
        chart.resetType();
        const QStringList own = shown();
        chart.tryType({20, 4, true});
        chart.resetType();
        QCOMPARE(shown(), own);
    }

    void keyboardWalksTheBars()
    {
        BitWeightChart chart;
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "conv2", Slot::Weight).id());
        chart.setData(&statistics->bitWeights, bitWindow(FixedType{6, 0, true}));
        chart.resize(700, 300);
        for (int i = 0; i < 6; ++i)
            QTest::keyClick(&chart, Qt::Key_Right);
        QVERIFY2(chart.accessibleDescription().contains(u"1,488"_s), qPrintable(chart.accessibleDescription()));
    }

    /// Keys in a chart that says why it is empty change nothing.
    void keysWithoutBars_data()
    {
        QTest::addColumn<Qt::Key>("key");
        QTest::newRow("left") << Qt::Key_Left;
        QTest::newRow("right") << Qt::Key_Right;
        QTest::newRow("home") << Qt::Key_Home;
        QTest::newRow("end") << Qt::Key_End;
    }
    void keysWithoutBars()
    {
        QFETCH(Qt::Key, key);
        BitWeightChart chart;
        chart.setData(nullptr, {}, u"nothing"_s);
        QTest::keyClick(&chart, key);
        QCOMPARE(chart.accessibleDescription(), QString());
    }

    void savesPictures()
    {
        QTemporaryDir folder;
        BitWeightChart chart;
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "conv2", Slot::Weight).id());
        chart.setData(&statistics->bitWeights, bitWindow(FixedType{6, 0, true}));
        chart.resize(700, 300);
        QCOMPARE(chart.actions()->savePng(folder.filePath(u"a.png"_s)), QString());
        QCOMPARE(QImage(folder.filePath(u"a.png"_s)).size(), QSize(1400, 600));
        QCOMPARE(chart.actions()->saveSvg(folder.filePath(u"a.svg"_s)), QString());
        QFile svg(folder.filePath(u"a.svg"_s));
        QVERIFY(svg.open(QIODevice::ReadOnly));
        const QByteArray text = svg.readAll();
        QVERIFY(text.contains("<svg") && text.contains("1,488"));
        QStringList lines; // 1,488 of 4,608 are 32.3 %: five lines at most, so 8 % apart
        static const QRegularExpression percent(u"([0-9.]+ %)"_s);
        for (auto found = percent.globalMatch(QString::fromUtf8(text)); found.hasNext();)
            lines << found.next().captured(1);
        QCOMPARE(lines, (QStringList{u"8 %"_s, u"16 %"_s, u"24 %"_s, u"32 %"_s}));
        QVERIFY(!chart.actions()->savePng(u"/no/such/folder/a.png"_s).isEmpty());
    }

    void codesKeepEveryElement()
    {
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "fc1", Slot::Weight).id());
        const SlotRef slot = slotRef(m_session.network(), "fc1", Slot::Weight);
        const BarData data = codeBars(statistics->codes, *slot.slot->quantizer, statistics->count);
        double inside = 0;
        double ends = 0;
        for (std::size_t i = 0; i < data.sets[0].values.size(); ++i) {
            inside += data.sets[0].values[i];
            ends += data.sets[1].values[i];
        }
        QCOMPARE(inside + ends, 8192.0);
        QCOMPARE(static_cast<std::uint64_t>(ends), statistics->atLimit);
        QVERIFY(ends > 0);
    }

    void wideWordsAreBinned()
    {
        CodeHistogram histogram;
        histogram.first = -32768;
        histogram.width = 1;
        histogram.bins.assign(65536, 1);
        Quantizer quantizer;
        quantizer.bitWidth = 16;
        quantizer.isSigned = true;
        quantizer.narrow = false;
        quantizer.scale = Granular{{}, {}, {1.0f}};
        quantizer.zeroPoint = Granular{{}, {}, {0.0f}};
        const BarData data = codeBars(histogram, quantizer, 65536);
        QCOMPARE(data.sets[0].values.size(), BarChart::kMaxBars);
        QCOMPARE(data.sets[0].values[0], 128.0);
    }

    void valuesMarkTheLimits()
    {
        const SlotRef slot = slotRef(m_session.network(), "fc1", Slot::Weight);
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "fc1", Slot::Weight).id());
        const auto histogram = valueHistogram(*slot.slot, *statistics, 128);
        QVERIFY(histogram);
        const BarData data = valueBars(*histogram, &*slot.slot->quantizer, statistics->count);
        QCOMPARE(data.markers.size(), std::size_t(2));
        QCOMPARE(data.markers[1].x, 7.0 / 32);
        BarChart chart(u"Values"_s);
        chart.resize(600, 300);
        chart.setData(data);
        QVERIFY(!chart.grab().isNull());
        QTemporaryDir folder;
        QCOMPARE(chart.actions()->saveSvg(folder.filePath(u"v.svg"_s)), QString());
    }

    /// Labels of an axis are few, round and tell where zero is.
    void labels_data()
    {
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::addColumn<QStringList>("labels");
        QTest::newRow("ordinary") << -0.25 << 0.25 << QStringList{u"−0.2"_s, u"−0.1"_s, u"0"_s, u"0.1"_s, u"0.2"_s};
        QTest::newRow("not at a label") << -0.13 << 0.14
                                        << QStringList{u"−0.1"_s, u"−0.05"_s, u"0"_s, u"0.05"_s, u"0.1"_s};
        QTest::newRow("far from 0") << 1000.0 << 1000.0004 << QStringList{u"1000.0001"_s, u"1000.0003"_s};
        QTest::newRow("tiny") << -2e-14 << 2e-14
                              << QStringList{u"−2"_s, u"−1"_s, u"0"_s, u"1"_s, u"2"_s, u"values, 1e−14"_s};
    }
    void labels()
    {
        QFETCH(double, low);
        QFETCH(double, high);
        QFETCH(QStringList, labels);
        BarChart chart(u"Values"_s);
        chart.resize(900, 300);
        BarData data = bars(4, low, high);
        data.xTitle = u"values"_s;
        chart.setData(data);
        const QStringList shown = textsOf(chart);
        for (const QString &label : labels)
            QVERIFY2(shown.contains(label), qPrintable(label + u" is not in "_s + shown.join(u' ')));
        QVERIFY2(shown.size() < 40 && shown.filter(u"e−1"_s).size() <= 1, qPrintable(shown.join(u' ')));
    }

    /// A logarithmic axis tells counts, of few also those between 1 and 10.
    void logarithmicLabels_data()
    {
        QTest::addColumn<double>("highest");
        QTest::addColumn<QStringList>("labels");
        QTest::addColumn<QString>("absent");
        QTest::newRow("many") << 1500.0 << QStringList{u"1"_s, u"10"_s, u"100"_s, u"1,000"_s} << u"10,000"_s;
        QTest::newRow("few") << 6.0 << QStringList{u"1"_s, u"2"_s, u"5"_s} << u"10"_s;
    }
    void logarithmicLabels()
    {
        QFETCH(double, highest);
        QFETCH(QStringList, labels);
        QFETCH(QString, absent);
        BarChart chart(u"Values"_s);
        chart.resize(900, 300);
        BarData data = bars(4, 0, 0.5);
        data.sets[0].values = {0, 1, 3, highest};
        chart.setData(logCounts(data));
        const QStringList shown = textsOf(chart);
        for (const QString &label : labels)
            QVERIFY2(shown.contains(label), qPrintable(label + u" is not in "_s + shown.join(u' ')));
        QVERIFY2(!shown.contains(absent), qPrintable(shown.join(u' ')));
    }

    /// Allocations of one size, such as those of a sweep from 1 to 1 bit, lie above each other.
    void dotsAboveEachOther()
    {
        SweepChart chart(u"Front"_s);
        chart.resize(420, 220);
        SweepData data;
        data.lines = {{u"front"_s, {{68.6, 20, {}}, {68.6, 24, {}}}}};
        chart.setData(data);
        const QStringList shown = textsOf(chart);
        QVERIFY2(shown.size() < 30, qPrintable(QString::number(shown.size())));
        QVERIFY2(shown.contains(u"70"_s), qPrintable(shown.join(u' ')));
    }

    /// As many lines as there are families to choose, and the file: no two look the same.
    void signsDiffer()
    {
        QStringList seen;
        for (int line = 0; line < 9; ++line) {
            const SweepSign sign = sweepSign(line);
            seen << u"%1 %2"_s.arg(sign.shape).arg(sign.hollow);
        }
        QCOMPARE(seen.removeDuplicates(), 0);
    }

    /// What was picked stays ringed when the data comes again, and keys go on from the dot that was clicked.
    void pickedDotsAreRinged()
    {
        SweepChart chart(u"Front"_s);
        chart.resize(420, 220);
        SweepData data;
        data.lines = {{u"front"_s, {{1, 20, {}}, {2, 24, {}}, {3, 30, {}}, {4, 31, {}}}}};
        chart.setData(data);
        QCOMPARE(chart.ringed().size(), std::size_t(0));
        QSignalSpy activated(&chart, &SweepChart::activated);
        for (int i = 0; i < 3; ++i)
            QTest::keyClick(&chart, Qt::Key_Right);
        QTest::keyClick(&chart, Qt::Key_Return);
        QCOMPARE(activated.takeFirst(), (QVariantList{0, 2}));
        data.lines[0].dots[2].picked = true;
        for (int again = 0; again < 2; ++again) {
            chart.setData(data);
            QCOMPARE(chart.ringed(), std::vector<QPointF>{QPointF(3, 30)});
            const auto *view = dynamic_cast<const SweepView *>(chart.findChild<QGraphicsView *>());
            QCOMPARE(view->legend, (std::vector<std::pair<QString, int>>{{u"front"_s, 0}}));
        }
        QTest::keyClick(&chart, Qt::Key_Right);
        QTest::keyClick(&chart, Qt::Key_Return);
        QCOMPARE(activated.takeFirst(), (QVariantList{0, 3}));
    }

    void keysStartAtTheClickedBar()
    {
        BarChart chart(u"Channels"_s);
        chart.resize(600, 300);
        chart.setData(bars(10, -0.5, 9.5));
        chart.grab();
        QSignalSpy activated(&chart, &BarChart::activated);
        QWidget *viewport = chart.findChild<QGraphicsView *>()->viewport();
        QTest::mouseClick(viewport, Qt::LeftButton, {}, QPoint(300, 150));
        const int clicked = activated.takeFirst().first().toInt();
        QVERIFY(clicked > 2 && clicked < 8);
        QEvent leave(QEvent::Leave);
        QApplication::sendEvent(viewport, &leave);
        QTest::keyClick(&chart, Qt::Key_Right);
        QTest::keyClick(&chart, Qt::Key_Return);
        QCOMPARE(activated.takeFirst().first().toInt(), clicked + 1);
    }

    void wordsOfTheGoal_data()
    {
        QTest::addColumn<QList<int>>("counts"); // swept, layers, unmet, missing
        QTest::addColumn<QString>("where");
        QTest::addColumn<QString>("missed");
        const QString kept = u"where it can be kept"_s;
        const QString one = u" · ▲ 1 layer without a width to choose: those stay as they are"_s;
        QTest::newRow("all") << QList<int>{25, 25, 0, 0} << u"in every layer"_s << QString();
        QTest::newRow("one of 25") << QList<int>{1, 25, 0, 0} << u"in the 1 of 25 layers swept"_s << QString();
        QTest::newRow("out of reach") << QList<int>{25, 25, 2, 0} << kept
                                      << u" · ▲ 2 layers out of reach: those take their best"_s;
        QTest::newRow("without widths") << QList<int>{25, 25, 0, 1} << kept << one;
        QTest::newRow("both") << QList<int>{3, 25, 1, 1} << kept + u" in the 3 of 25 layers swept"_s
                              << u" · ▲ 1 layer out of reach: those take their best"_s + one;
    }
    void wordsOfTheGoal()
    {
        QFETCH(QList<int>, counts);
        const auto count = [&](int at) { return static_cast<std::size_t>(counts[at]); };
        QTEST(whereText(count(0), count(1), count(2), count(3)), "where");
        QTEST(missedText(count(2), count(3)), "missed");
    }

    /// Every text colour on every surface it stands on, in both themes.
    void contrast_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void contrast()
    {
        QFETCH(bool, dark);
        const Colours &c = dark ? Theme::dark() : Theme::light();
        for (const QColor &surface : {c.background, c.panel, c.tint, c.soft})
            for (const QColor &text : {c.text, c.dim, c.accentText, c.redText, c.amberText, c.green})
                QVERIFY2(contrastRatio(text, surface) >= 4.5,
                    qPrintable(text.name() + u" on "_s + surface.name() + u": "_s
                        + QString::number(contrastRatio(text, surface))));
        QVERIFY(contrastRatio(c.onAccent, c.accent) >= 4.5);
        QVERIFY(contrastRatio(c.onAmber, c.amber) >= 4.5);
        QVERIFY(contrastRatio(c.panel, c.redText) >= 4.5);
    }

private:
    static BarData bars(std::size_t count, double low, double high)
    {
        BarData data;
        data.low = low;
        data.high = high;
        data.sets = {{u"values"_s, BarRole::Ordinary, std::vector<double>(count, 1.0)}};
        return data;
    }
    static QStringList textsOf(QWidget &chart)
    {
        chart.grab(); // lays out
        QStringList texts;
        for (QGraphicsItem *item : chart.findChild<QGraphicsView *>()->scene()->items())
            if (auto *text = qgraphicsitem_cast<QGraphicsTextItem *>(item); text && text->isVisible())
                texts << text->toPlainText();
        return texts;
    }

    Session m_session;
};

QTEST_MAIN(ChartsTest)
#include "tst_charts.moc"
