#include "dialects/brevitas/recipe_edits.h"
#include "items/compare_estimate.h"
#include "items/compare_model.h"
#include "items/compare_overlay.h"
#include "items/compare_power.h"
#include "pages/compare/sweep_data.h"
#include "session/lab_store.h"
#include "support.h"

#include <QAbstractItemModelTester>

#include <cmath>

using namespace quantscope;
using namespace Qt::StringLiterals;

class CompareModelsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }
    void init() { test::failOnWarnings(); }

    /// The table against the command line's own function, figure by figure, and its best mark against
    /// SlotComparison::best.
    void showsTheModelsNumbers()
    {
        LabStore lab;
        CompareModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        fill(lab, model, {u"conv2"_s});
        const auto expected = compareCandidates(*m_session.network(), {"conv2"},
            offeredCandidates(*m_session.network()->layer("conv2")->slot("weight")),
            {.slot = Slot::Weight, .hash = false, .skipUnavailable = true});
        QVERIFY(expected.has_value());
        const SlotComparison &comparison = expected->front();
        QCOMPARE(model.columnCount(), static_cast<int>(comparison.candidates.size()));
        for (std::size_t i = 0; i < comparison.candidates.size(); ++i) {
            const CandidateResult &candidate = comparison.candidates[i];
            const CompareColumn &column = model.column(model.columnOf(candidate.name));
            QCOMPARE(column.number(CompareFigure::Sqnr), candidate.figures->error.sqnrDb().value_or(INFINITY));
            QCOMPARE(column.number(CompareFigure::Mse), candidate.figures->error.mse());
            QCOMPARE(column.number(CompareFigure::MaxError), candidate.figures->error.maxAbs);
            QCOMPARE(column.number(CompareFigure::AtLimit), static_cast<double>(candidate.figures->atLimit));
            QCOMPARE(column.number(CompareFigure::Memory), static_cast<double>(candidate.bits()));
            const auto best = comparison.best();
            const bool marked = best.size() <= 3 && std::find(best.begin(), best.end(), i) != best.end();
            QCOMPARE(model.index(static_cast<int>(CompareFigure::Sqnr), model.columnOf(candidate.name))
                         .data(CompareModel::BestRole)
                         .toBool(),
                marked);
        }
    }

    void cells_data()
    {
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<QStringList>(
            "cells"); // SQNR, at limit, clipped, rounded to 0, codes used, memory, type, exact
        QTest::newRow("file") << u"file"_s
                              << QStringList{u"26.8"_s, u"0"_s, u"0"_s, u"261"_s, u"38/63"_s, u"27,648"_s, u"<6,0>"_s,
                                     u"✓ yes"_s};
        QTest::newRow("saturating") << u"ap_fixed<6,-1>"_s
                                    << QStringList{u"28.8"_s, u"56"_s, u"43"_s, u"110"_s, u"64/64"_s, u"27,648"_s,
                                           u"<6,-1>"_s, u"✓ yes"_s};
        QTest::newRow("per channel") << u"Int8WeightPerChannelFloat,bit_width=6"_s
                                     << QStringList{u"32.6"_s, u"41"_s, u"0"_s, u"105"_s, u"63/63"_s, u"27,648"_s,
                                            u"none"_s, u"no, 32 scales"_s};
    }
    /// Numbers that the sample's training script recorded with its own arithmetic.
    void cells()
    {
        QFETCH(QString, candidate);
        QFETCH(QStringList, cells);
        LabStore lab;
        CompareModel model;
        fill(lab, model, {u"conv2"_s});
        const int column = model.columnOf(str(candidate));
        QVERIFY(column >= 0);
        QStringList shown;
        for (const CompareFigure figure :
            {CompareFigure::Sqnr, CompareFigure::AtLimit, CompareFigure::Clipped, CompareFigure::Zeroed,
                CompareFigure::CodesUsed, CompareFigure::Memory, CompareFigure::Type, CompareFigure::Exact})
            shown << model.index(static_cast<int>(figure), column).data().toString();
        QCOMPARE(shown, cells);
        // What is a word and no number: whether it is exact, and "none" where no fixed-point type is.
        QString words;
        for (int row = 0; row < model.rowCount(); ++row)
            if (const QModelIndex cell = model.index(row, column); cell.data(CompareModel::WordRole).toBool())
                words += cell.data().toString() + u';';
        QCOMPARE(words, (cells[6] == u"none"_s ? u"none;"_s : QString()) + cells.last() + u';');
    }

    void differencesAreAgainstTheFile()
    {
        LabStore lab;
        CompareModel model;
        fill(lab, model, {u"conv2"_s});
        const int column = model.columnOf("ap_fixed<6,-1>");
        const auto difference = [&](CompareFigure figure) {
            return model.index(static_cast<int>(figure), column).data(CompareModel::DifferenceRole).toString();
        };
        QCOMPARE(difference(CompareFigure::Sqnr), u"+2.0"_s); // 28.82 - 26.81
        QCOMPARE(difference(CompareFigure::Mse), u"−37 %"_s); // 1.296e-5 / 2.058e-5
        QCOMPARE(difference(CompareFigure::MaxError), u"×7.5"_s); // 0.05887 / 0.007812
        QCOMPARE(difference(CompareFigure::Zeroed), u"−151"_s); // 110 - 261
        QCOMPARE(difference(CompareFigure::Memory), QString());
        QCOMPARE(model.index(static_cast<int>(CompareFigure::Sqnr), 0).data(CompareModel::DifferenceRole).toString(),
            QString());
    }

    void ordersWithTheFileFirst()
    {
        LabStore lab;
        CompareModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        fill(lab, model, {u"conv2"_s});
        for (const bool reversed : {false, true}) {
            model.setOrder(CompareFigure::Sqnr, reversed);
            QCOMPARE(model.column(0).name, std::string("file"));
            for (int column = 2; column < model.columnCount(); ++column) {
                const double before = model.column(column - 1).number(CompareFigure::Sqnr);
                const double now = model.column(column).number(CompareFigure::Sqnr);
                QVERIFY(reversed ? before <= now : before >= now);
            }
        }
    }

    void noMarkWhenMoreThanThreeTie()
    {
        std::vector<CompareColumn> columns(6);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            columns[i].known = true;
            columns[i].width = i < 3 ? 4 : 8;
            columns[i].memory = i < 4 ? 10 : 20;
        }
        QCOMPARE(bestColumns(columns, CompareFigure::Bits), (std::vector<std::size_t>{0, 1, 2}));
        QVERIFY(bestColumns(columns, CompareFigure::Memory).empty());
    }

    /// Several layers: counts and squared errors add up.
    void addsLayersUp()
    {
        LabStore one, other, both;
        CompareModel first, second, sum;
        fill(one, first, {u"conv1"_s});
        fill(other, second, {u"conv2"_s});
        fill(both, sum, {u"conv1"_s, u"conv2"_s});
        const CompareColumn &a = first.column(0), &b = second.column(0), &c = sum.column(0);
        QCOMPARE(c.error.count, a.error.count + b.error.count);
        QCOMPARE(c.memory, std::uint64_t(144 * 8 + 4608 * 6));
        const double expected
            = 10 * std::log10((a.error.signalPower + b.error.signalPower) / (a.error.errorPower + b.error.errorPower));
        QCOMPARE(c.number(CompareFigure::Sqnr), expected);
    }

    void refusesWithTheNearestWord()
    {
        LabStore lab;
        CompareModel model;
        fill(lab, model, {u"conv2"_s});
        QVERIFY(qs(parseCandidate("ap_fixd<6,0>").error().message).contains(u"ap_fixed<W,I>"));
        QVERIFY(qs(parseCandidate("Int8WeightPerTensorFloat,bitwidth=4").error().message).contains(u"bit_width"));
        QSignalSpy refused(&lab, &LabStore::refused);
        lab.add(*parseCandidate("ap_fixed<99,0>")); // its text can be read; what it says cannot be
        QVERIFY(QTest::qWaitFor([&] { return refused.size() == 1; }));
        QVERIFY2(refused[0][1].toString().contains(u"99 is not a whole number"), qPrintable(refused[0][1].toString()));
        QVERIFY(!lab.result("ap_fixed<99,0>"));
    }

    void addsAndRemoves()
    {
        LabStore lab;
        CompareModel model;
        fill(lab, model, {u"conv2"_s});
        lab.add(*parseCandidate("ap_fixed<5,-1>"));
        QVERIFY(QTest::qWaitFor([&] { return lab.idle(); }));
        model.setColumns(compareColumns(lab.results()));
        const int column = model.columnOf("ap_fixed<5,-1>");
        QVERIFY(column > 0);
        QCOMPARE(model.index(static_cast<int>(CompareFigure::Sqnr), column).data().toString(), u"24.9"_s);
        lab.remove("ap_fixed<5,-1>");
        lab.remove("file"); // the others are compared with it
        model.setColumns(compareColumns(lab.results()));
        QVERIFY(model.columnOf("ap_fixed<5,-1>") < 0);
        QCOMPARE(model.columnOf("file"), 0);
        lab.restore();
        model.setColumns(compareColumns(lab.results()));
        QVERIFY(model.columnOf("ap_fixed<5,-1>") > 0);
    }

    void overlayCountsEveryWeight()
    {
        const auto compared = compareCandidates(*m_session.network(), {"conv2"}, {*parseCandidate("ap_fixed<6,-1>")});
        QVERIFY(compared.has_value());
        const auto &candidates = compared->front().candidates;
        const auto errors = overlay(candidates[0], candidates[1], OverlayKind::Error);
        QVERIFY(errors.has_value());
        std::uint64_t first = errors->firstExact, second = errors->secondExact;
        for (const OverlayBar &bar : errors->bars) {
            first += bar.first;
            second += bar.second;
        }
        QCOMPARE(first, std::uint64_t(4608));
        QCOMPARE(second, std::uint64_t(4608));
        QCOMPARE(errors->clipped, std::uint64_t(43));
        QCOMPARE(errors->bars.back().label, u"2⁻⁵"_s); // its largest |e| is 0.0589
        const auto values = overlay(candidates[0], candidates[1], OverlayKind::Values);
        QVERIFY(values.has_value());
        std::uint64_t sum = 0;
        std::size_t used = 0;
        for (const OverlayBar &bar : values->bars) {
            sum += bar.first;
            used += bar.first > 0;
        }
        QCOMPARE(sum, std::uint64_t(4608));
        QCOMPARE(used, std::size_t(38)); // one bin per code of the coarser grid
    }

    /// log2 of the float scale 0.3017 / 31 is -6.68: floor of 6.68 gives 2^-6, nearest and ceil 2^-7.
    void powersOfTwo()
    {
        const auto table = powerOfTwoTable(*m_session.network(), "conv2", Slot::Weight);
        QVERIFY(table.has_value());
        PowerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows(table->rows);
        const QStringList expected{u"conv2 | in the file | 2⁻⁶ | ap_fixed<6,0> | 26.8 | −5.8 | 2.06e−05 | 0 | 261"_s,
            u"conv2 | per channel, float | 32 scales | – | 32.6 | 0 | 5.44e−06 | 0 | 105"_s,
            u"conv2 | per tensor, float | 0.009732 | – | 31.0 | −1.6 | 7.92e−06 | 0 | 150"_s,
            u"conv2 | ceil | 2⁻⁶ | ap_fixed<6,0> | 26.8 | −5.8 | 2.06e−05 | 0 | 261"_s,
            u"conv2 | floor, nearest, least MSE | 2⁻⁷ | ap_fixed<6,-1> | 28.8 | −3.8 | 1.30e−05 | 43 | 110"_s};
        QCOMPARE(test::printed(model), expected);
    }

    /// Ten weights spread over [0.25, 0.5), one at 0.6, one at 0.01 under ap_fixed<4,0>: LSB 1/16, limits -0.5 and
    /// 0.4375.
    void estimatesByHand()
    {
        BitWeightHistogram histogram;
        const auto bar = [](int exponent) { return static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest); };
        histogram.positive[bar(-2)] = 10;
        histogram.positive[bar(-1)] = 1;
        histogram.negative[bar(-7)] = 1;
        const TypeEstimate estimate = estimateType(histogram, -0.01, 0.6, {4, 0, true});
        QCOMPARE(estimate.clipped, 1.0 / 12);
        QCOMPARE(estimate.zeroed, 1.0 / 12);
        const auto mean
            = [](double a, double b, double m) { return (std::pow(b - m, 3) - std::pow(a - m, 3)) / (3 * (b - a)); };
        const double signal = 10 * mean(0.25, 0.5, 0) + mean(0.5, 0.6, 0) + mean(1.0 / 128, 0.01, 0);
        const double error = 10.0 / 256 / 12 + mean(0.5, 0.6, 0.4375) + mean(1.0 / 128, 0.01, 0);
        QVERIFY(std::abs(*estimate.sqnrDb - 10 * std::log10(signal / error)) < 1e-9);
    }

    /// Where nothing is clipped the bars say nearly all: within half a decibel of the exact figure.
    void estimateIsNear_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("integer");
        QTest::newRow("file's") << 6 << 0;
        QTest::newRow("finer") << 8 << 0;
        QTest::newRow("coarser") << 6 << 1;
        QTest::newRow("saturating") << 6 << -1;
    }
    void estimateIsNear()
    {
        QFETCH(int, width);
        QFETCH(int, integer);
        const FixedType type{width, integer, true};
        const auto compared = compareCandidates(*m_session.network(), {"conv2"}, {*parseCandidate(apFixedName(type))});
        const SlotStatistics &exact = *compared->front().candidates[1].figures;
        const TypeEstimate estimate
            = estimateType(exact.bitWeights, static_cast<double>(exact.low), static_cast<double>(exact.high), type);
        QVERIFY2(
            std::abs(*estimate.sqnrDb - *exact.error.sqnrDb()) < 1.5, qPrintable(QString::number(*estimate.sqnrDb)));
        QVERIFY(
            std::abs(estimate.zeroed - static_cast<double>(exact.zeroed) / static_cast<double>(exact.count)) < 0.002);
    }

    /// The whole table of powers of two, from the figures of the model's own function.
    void powersAsTheyRead()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_float.pt")));
        const auto table = powerOfTwoTable(*session.network(), "fc1", Slot::Weight);
        QVERIFY(table.has_value());
        PowerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows(table->rows);
        QCOMPARE(model.rowCount(), static_cast<int>(table->rows.size()));
        int best = 0;
        for (int at = 0; at < model.rowCount(); ++at) {
            const PowerRow &row = table->rows[static_cast<std::size_t>(at)];
            const SlotStatistics &figures = *row.result.figures;
            const auto cell = [&](int column) { return model.index(at, column).data().toString(); };
            QCOMPARE(cell(PowerModel::Layer), u"fc1"_s);
            QCOMPARE(cell(PowerModel::Rule), qs(row.rule()));
            QCOMPARE(cell(PowerModel::Sqnr), QString::number(*figures.error.sqnrDb(), 'f', 1));
            QCOMPARE(cell(PowerModel::Mse), QString::number(figures.error.mse(), 'e', 2).replace(u'-', u'−'));
            QCOMPARE(cell(PowerModel::Clipped), groupedText(*figures.clipped));
            QCOMPARE(cell(PowerModel::Zeroed), groupedText(figures.zeroed));
            const QString change = QString::number(std::abs(row.lostDb.value_or(0)), 'f', 1);
            QCOMPARE(cell(PowerModel::Lost),
                !row.lostDb            ? u"–"_s
                    : change == u"0.0" ? u"0"_s
                                       : (*row.lostDb > 0 ? u"−"_s : u"+"_s) + change);
            QCOMPARE(cell(PowerModel::Type).startsWith(u"ap_fixed<8,"), row.result.fixedExact());
            QCOMPARE(model.index(at, PowerModel::Sqnr).data(kValueRole).toDouble(), *figures.error.sqnrDb());
            const QString tip = model.index(at, 0).data(Qt::ToolTipRole).toString();
            QCOMPARE(tip.section(u'\n', 0, 0), qs(row.result.name));
            QCOMPARE(tip.contains(u"log₂"), row.scale > 0);
            best += model.index(at, 0).data(PowerModel::BestRole).toBool() ? 1 : 0;
        }
        QCOMPARE(best, 1);
        QCOMPARE(model.headerData(PowerModel::Lost, Qt::Horizontal, Qt::ToolTipRole).toString(),
            u"SQNR against float scales per channel; against the one of the tensor where it has no others"_s);
    }

    /// A family that one of the layers cannot have has no sum over both: it is named, without a dot.
    void familiesThatOneLayerCannotHave()
    {
        const auto point = [](const char *layer, const char *family, int width, double error) {
            SweepPoint out;
            out.layer = layer;
            out.family = out.candidate = family;
            out.width = width;
            out.bits = 100;
            out.signalPower = 1000;
            out.errorPower = error;
            out.sqnrDb = 10 * std::log10(1000 / error);
            return out;
        };
        const char *const channels = "Int8WeightPerChannelFloat", *const tensor = "Int8WeightPerTensorFloat";
        const std::vector<SweepPoint> points{
            point("a", channels, 4, 1), point("a", tensor, 4, 10), point("a", tensor, 5, 1), point("b", tensor, 4, 10)};
        const SweepData data = sqnrOverBits(points, 20);
        QCOMPARE(data.lines.size(), std::size_t(2));
        QCOMPARE(data.lines[0].name, u"per channel, float, not in every layer"_s);
        QVERIFY(data.lines[0].dots.empty());
        QCOMPARE(data.lines[1].name, u"per tensor, float, not in every layer"_s);
        QCOMPARE(data.lines[1].dots.size(), std::size_t(1));
        QCOMPARE(data.lines[1].dots[0].tip, u"4 bits: 20.0 dB, 200 bit in memory"_s);
        QCOMPARE(reachText(points, 20), u"20 dB needs 4 bits per tensor, float"_s);
        const std::vector<SweepPoint> alone(points.begin(), points.begin() + 3);
        QCOMPARE(sqnrOverBits(alone, 20).lines[0].dots.size(), std::size_t(1));
        QCOMPARE(reachText(alone, 30), u"30 dB needs 4 bits per channel, float · 5 per tensor, float"_s);
        const SweepData exact = sqnrOverBits({point("a", tensor, 4, 10), point("a", tensor, 7, 0)}, 20);
        QCOMPARE(exact.lines[0].name, u"per tensor, float, exact at 7 bits"_s);
        QCOMPARE(exact.lines[0].dots.size(), std::size_t(1));
        QCOMPARE(exact.yTitle, u"SQNR, dB"_s);
    }

    /// Why no fixed-point type is exact.
    void reasonsAgainstFixedPoint()
    {
        CandidateResult result;
        Quantizer q;
        q.bitWidth = 8;
        q.isSigned = true;
        q.scale = Granular{{}, {}, {0.25f}};
        q.zeroPoint = Granular{{}, {}, {0.0f}};
        const auto reason = [&] {
            result.slot.quantizer = q;
            return compareColumn({&result}).exact;
        };
        QCOMPARE(reason(), u"✓ yes"_s);
        q.zeroPoint->values = {3.0f};
        QCOMPARE(reason(), u"no, zero point"_s);
        q.zeroPoint->values = {0.0f};
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::BitPattern;
        QCOMPARE(reason(), u"no, minifloat"_s);
    }

private:
    void fill(LabStore &lab, CompareModel &model, const QStringList &layers)
    {
        lab.select(m_session.network(), layers, Slot::Weight);
        QVERIFY(QTest::qWaitFor([&] { return lab.idle(); }, 20000));
        model.setColumns(compareColumns(lab.results()));
    }
    Session m_session;
};

QTEST_MAIN(CompareModelsTest)
#include "tst_compare_models.moc"
