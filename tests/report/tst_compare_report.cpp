// The model has members named `slots`.
#include "report/accumulators_report.h"
#include "report/check_report.h"
#include "report/compare_report.h"
#include "report/sweep_report.h"

#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "lab/lab_candidates.h"
#include "open/open_network.h"
#include "report/power_report.h"
#include "support/paths.h"

#include <cmath>

#include <QtTest>
#include <nlohmann/json.hpp>

using namespace quantscope;
using test::candidates, test::compared, test::oneLayer;

class TestCompareReport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sqnr_data()
    {
        QTest::addColumn<double>("signal");
        QTest::addColumn<double>("error");
        QTest::addColumn<QString>("text");
        QTest::newRow("both") << 100.0 << 1.0 << "20.00";
        QTest::newRow("no error") << 100.0 << 0.0 << "exact";
        QTest::newRow("neither") << 0.0 << 0.0 << "exact";
        QTest::newRow("no signal") << 0.0 << 1.0 << "-";
    }

    void sqnr()
    {
        QFETCH(double, signal);
        QFETCH(double, error);
        QTEST(QString::fromStdString(sqnrText({.count = 4, .signalPower = signal, .errorPower = error})), "text");
    }

    /// Places, the best and the change against the file, beside the figures of schema 1.
    void ranksInJson()
    {
        const auto network = openNetwork(test::sample("digits_fixed_qcdq.onnx"));
        const auto json = compareJson({*compared(*network, "conv2", {"ap_fixed<6,0>", "ap_fixed<4,0>"})});
        const auto &list = json["layers"][0]["candidates"];
        QCOMPARE(list[0]["best"].get<bool>(), true); // the file against its own values
        QCOMPARE(list[1]["rank"].get<int>(), 1);
        QCOMPARE(list[2]["rank"].get<int>(), 3);
        QCOMPARE(list[2]["best"].get<bool>(), false);
        QVERIFY(list[2]["sqnr_change_db"].is_null()); // the file has no SQNR to change
        QVERIFY(json["layers"][0]["unavailable"].empty());
    }

    void neighbouringPowers_data()
    {
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<int>("fracBits"); ///< -1000: null
        QTest::newRow("a power of two") << "ap_fixed<6,-1>" << 7;
        QTest::newRow("absmax 0.75 over 127: 2^-7.40") << "Int8WeightPerTensorFloat" << 7;
        QTest::newRow("several scales") << "torch_per_channel_affine,axis=1" << -1000;
    }

    void neighbouringPowers()
    {
        QFETCH(QString, candidate);
        const auto json
            = candidateJson(compared(oneLayer({0.75f, -0.26f}), "fc", {candidate.toStdString()})->candidates[1]);
        QTEST(json["nearest_frac_bits"].is_null() ? -1000 : json["nearest_frac_bits"].get<int>(), "fracBits");
    }

    /// Bit patterns of a minifloat have no limits and are no integers.
    void minifloatsHaveNoCodes()
    {
        const auto json
            = candidateJson(compared(oneLayer({0.75f, -0.26f}), "fc", {"Fp8e4m3WeightPerTensorFloat"})->candidates[1]);
        for (const char *key : {"codes_sha256_i32", "at_limit", "clipped", "codes_used", "codes_total"})
            QVERIFY2(json[key].is_null(), key);
        QVERIFY(json["sqnr_db"].is_number());
    }

    void assumedAxes_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<bool>("assumed");
        const Shape kernel = {2, 2, 1, 1};
        QTest::newRow("per channel") << kernel << "Int8WeightPerChannelFloat" << true;
        QTest::newRow("a candidate of the lab") << kernel << "torch_per_channel_affine" << true;
        QTest::newRow("its axis given") << kernel << "torch_per_channel_affine,axis=1" << false;
        QTest::newRow("per tensor") << kernel << "Int8WeightPerTensorFloat" << false;
        QTest::newRow("no convolution") << Shape{2, 2} << "Int8WeightPerChannelFloat" << false;
    }

    /// A state_dict does not tell a transposed convolution: table, recipe and Python say along which axis they went.
    void assumedAxes()
    {
        QFETCH(Shape, shape);
        QFETCH(QString, candidate);
        QFETCH(bool, assumed);
        const auto network = test::recovered({{"up.weight", shape, {0.7f, -0.3f, 0.2f, 0.1f}}}, "");
        QVERIFY(network);
        const auto all = compareCandidates(*network, {"up"}, atWidths(candidates({candidate.toStdString()}), 4, 5));
        QVERIFY2(all, all ? "" : all.error().text().c_str());
        const auto points = sweepPoints(*all);
        const std::string says = "output channels along axis 0, as of all but transposed convolutions";
        const Allocation allocation = paretoFront(points).front();
        for (const std::string &text : {sweepText(*network, *all, points, std::nullopt), compareText(*all),
                 *allocationRecipe(*network, points, allocation)})
            QVERIFY2((text.find(says) != std::string::npos) == assumed, text.c_str());
        const bool brevitas = !candidate.startsWith("torch");
        QCOMPARE(allocationPython(points, allocation).find(says) != std::string::npos, assumed && brevitas);
    }

    void goals_data()
    {
        QTest::addColumn<QList<float>>("values");
        QTest::addColumn<double>("goal");
        QTest::addColumn<QStringList>("says");
        QTest::newRow("reached") << QList<float>{0.7f, 0.3f} << 20.0
                                 << QStringList{"Fewest bits that keep 20 dB in every layer"};
        QTest::newRow("out of reach") << QList<float>{0.7f, 0.3f, 0.11f} << 99.0
                                      << QStringList{"where it can be kept", "fc does not reach it"};
        QTest::newRow("no figures") << QList<float>{0.7f, NAN} << 20.0
                                    << QStringList{"No candidate has figures", "its scale is not finite"};
    }

    /// What was not achieved is said, in words and in JSON.
    void goals()
    {
        QFETCH(QList<float>, values);
        QFETCH(double, goal);
        QFETCH(QStringList, says);
        const Network network = oneLayer({values.begin(), values.end()});
        const auto all = compareCandidates(network, {"fc"}, atWidths(candidates({"Int8WeightPerTensorFloat"}), 2, 8),
            {.slot = Slot::Weight, .hash = false, .skipUnavailable = true});
        const auto points = sweepPoints(*all);
        const QString text = QString::fromStdString(sweepText(network, *all, points, goal));
        for (const QString &wanted : says)
            QVERIFY2(text.contains(wanted), qPrintable(text));
        const auto json = sweepJson(network, *all, points, goal);
        QCOMPARE(json["pareto"].empty(), points.empty());
        QCOMPARE(json["missing"].size(), std::size_t(points.empty() ? 1 : 0));
        QCOMPARE(json["cheapest"].is_null(), points.empty());
        if (!points.empty())
            QCOMPARE(json["cheapest"]["unmet"].size(), std::size_t(text.contains("does not reach") ? 1 : 0));
    }

    void tablesHaveTheirColumns_data()
    {
        QTest::addColumn<bool>("sweep");
        QTest::newRow("comparison") << false;
        QTest::newRow("sweep") << true;
    }

    /// Every line of the CSV has the columns of its heading, notes and missing candidates included.
    void tablesHaveTheirColumns()
    {
        QFETCH(bool, sweep);
        const auto all = compareCandidates(oneLayer({0.7f, NAN}), {"fc"},
            candidates({"ap_fixed<6,0>", "binary", "Int8WeightPerTensorFloatMSE"}),
            {.slot = Slot::Weight, .hash = false, .skipUnavailable = true});
        SweepMarks marks{sweepPoints(*all), {}, {}};
        marks.front = paretoFront(marks.points);
        const auto lines
            = QString::fromStdString(compareCsv(*all, sweep ? &marks : nullptr)).split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 5); // heading, file, two candidates, one that cannot be had
        for (QString line : lines) {
            line.replace(QRegularExpression("\"[^\"]*\""), "text");
            QVERIFY2(line.count(',') == lines.front().count(','), qPrintable(line));
        }
    }

    void powersOfTwo()
    {
        const auto network = openNetwork(test::sample("digits_fixed.pt"));
        const std::vector<PowerTable> tables = {*powerOfTwoTable(*network, "conv2", Slot::Weight)};
        // log2 of the float scale 0.3017 / 31 is -6.68.
        const auto json = powerJson(tables)["layers"][0];
        QVERIFY(std::abs(json["minus_log2_scale"].get<double>() - 6.683) < 0.001);
        const auto &last = json["candidates"].back();
        QCOMPARE(last["name"].get<std::string>(), std::string("ap_fixed<6,-1>"));
        QCOMPARE(last["rules"].dump(), std::string("[\"floor\",\"nearest\",\"least MSE\"]"));
        QCOMPARE(last["best"].get<bool>(), true);
        QCOMPARE(QString::number(last["lost_db"].get<double>(), 'f', 1), QString("3.8"));
        QVERIFY(powerText(tables).find("floor, nearest, least MSE") != std::string::npos);
        QVERIFY(powerText(tables).starts_with("conv2 weight: from a float scale to a power of two; -log2(scale per "
                                              "tensor) = 6.6831; dB are lost against float scales per channel\n"));
        QCOMPARE(QString::fromStdString(powerCsv(tables)).count('\n'), 6);
    }

    /// A table whole: numbers of one layer, of another that they bound, and why there are none of a third.
    void sums()
    {
        Network network;
        network.file = std::make_shared<ModelFile>();
        const auto add = [&](const char *name, Slot slot) {
            Layer layer;
            layer.name = name;
            layer.slots.emplace_back().slot = slot;
            network.add(std::move(layer));
            return SlotId{network.layers.back().id, slot};
        };
        const SlotId q = add("q", Slot::Act), fc = add("fc", Slot::Weight), next = add("next", Slot::Weight),
                     r = add("r", Slot::Act), last = add("last", Slot::Weight);
        AccumulatorRange known;
        known.layer = fc.layer;
        known.input = q;
        known.min = -10;
        known.max = 1000;
        known.bitsNeeded = 11;
        known.channel = 2;
        known.biasIncluded = true;
        known.requantizations = {{r, {requantizationFactor(0x1p-7)}}};
        AccumulatorRange bound = known;
        bound.layer = next.layer;
        bound.bound = "that it is a Linear is assumed";
        bound.biasIncluded = false;
        bound.declaredBits = 10;
        bound.requantizations = {};
        QCOMPARE(QString::fromStdString(accumulatorsText(
                     network, {{known, bound}, {{last.layer, "the codes of its weight are not known"}}})),
            QStringLiteral(
                R"(Layer  Input  Smallest  Largest                              Bits  Channel      Bias    Requantization
fc     q           -10     1000            32 declared, 11 needed        2  included  r: x 2^-7, exact
next   q           -10     1000  10 declared, at most 11 needed !        2         -
next: at most, since that it is a Linear is assumed
last: not known: the codes of its weight are not known
)"));
        // 0.3 = 0.6 * 2^-1, and 0.6 * 2^31 = 1288490188.8; 2^-2 is 1/6 less.
        QCOMPARE(requantizationText(network, {r, {requantizationFactor(0.3)}}),
            std::string("r: 1288490189 * 2^(-1 - 31), off by 1.6e-10; 2^-2 is off by -1.7e-01"));
        QCOMPARE(requantizationText(network, {r, {requantizationFactor(0.25), requantizationFactor(0.3)}}),
            std::string("r: 2 factors, worst off by 1.6e-10; as shifts off by -1.7e-01"));
    }

    void summaries_data()
    {
        QTest::addColumn<int>("target"); ///< -1: none
        QTest::addColumn<QList<std::size_t>>("counts"); ///< errors, warnings, notes, muted
        QTest::addColumn<QString>("summary");
        using Counts = QList<std::size_t>;
        const auto of = [](Target target) { return static_cast<int>(target); };
        QTest::newRow("nothing said") << -1 << Counts{0, 0, 0, 0} << "nothing that every target refuses";
        QTest::newRow("an error") << -1 << Counts{1, 0, 0, 0} << "no target takes this model as it is: 1 error";
        QTest::newRow("taken") << of(Target::Dpu) << Counts{0, 2, 1, 3}
                               << "The DPU takes this model, as far as is checked: 2 warnings, 1 note, 3 muted";
        QTest::newRow("refused") << of(Target::Hls4ml) << Counts{1000, 1, 2, 0}
                                 << "hls4ml refuses this model: 1,000 errors, 1 warning, 2 notes";
    }

    void summaries()
    {
        QFETCH(int, target);
        QFETCH(QList<std::size_t>, counts);
        CheckResult result;
        if (target >= 0)
            result.target = static_cast<Target>(target);
        const Severity severities[] = {Severity::Error, Severity::Warning, Severity::Note};
        for (qsizetype i = 0; i < 3; ++i)
            for (std::size_t n = 0; n < counts[i]; ++n)
                result.findings.emplace_back().severity = severities[i];
        result.muted = counts[3];
        QTEST(QString::fromStdString(checkSummary(result)), "summary");
    }
};

QTEST_GUILESS_MAIN(TestCompareReport)
#include "tst_compare_report.moc"
