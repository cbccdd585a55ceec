// What a run and the effect of candidates look like, whole: each word beside the number that it is for.
#include "report/effect_report.h"
#include "report/run_report.h"
#include "report/walk_report.h"
#include "run/activation_compare.h"
#include "run/data_range.h"
#include "run/largest_value.h"

#include <limits>

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace quantscope;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

LayerFlow flowOf(const char *layer, std::optional<Slot> slot)
{
    LayerFlow out{layer, layerId(0), slot, {}};
    FlowFigures &f = out.figures;
    f.seen.count = 2000;
    f.seen.low = -1.5f;
    f.seen.high = 6.25f;
    f.seen.nonFinite = 1;
    f.low = 0;
    f.high = 4.5;
    f.sum = 40;
    f.squares = 1000;
    f.finite = 1000;
    f.hasCodes = slot.has_value();
    f.seen.codesMin = -3;
    f.seen.codesMax = 17;
    f.seen.codes.used = 19;
    f.seen.atLimit = 20;
    f.seen.clipped = 5;
    f.seen.zeroed = 500;
    return out;
}

RunResult resultOf()
{
    RunResult out;
    out.samples = 1200;
    out.correct = 900;
    out.outputs = {{"logits", {1200, 10}, {}}};
    out.layers = {flowOf("relu", Slot::Act), flowOf("fc", {})};
    out.notes = {"runs on the graph of a.onnx"};
    return out;
}

RunOutput outputOf(std::vector<float> values) { return {"y", {2, 2}, std::move(values)}; }

} // namespace

class TestRunReport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void forPeople();
    void stopped();
    void forMachines();
    void roundedWithin();
    void withoutNumbers_data();
    void withoutNumbers();
    void effects_data();
    void effects();
    void effectTexts();
    void walk();
    void dataRanges_data();
    void dataRanges();
    void largest_data();
    void largest();
};

void TestRunReport::forPeople()
{
    QCOMPARE(QString::fromStdString(runText("/somewhere/m.onnx", resultOf())),
        QStringLiteral(
            R"(m.onnx: 1,200 samples, 900 right: accuracy 75.00 %
output logits: 1200×10
note: runs on the graph of a.onnx

on data (of a quantizer what it gives; clipped and to zero of what flows in):

Layer  Slot    Values  Min  Max  Mean  RMS     Codes  Used     At limit     Clipped        To zero
relu   act      2,000    0  4.5  0.04    1  -3 to 17    19  20 (1.00 %)  5 (0.25 %)  500 (25.00 %)
fc     result   2,000    0  4.5  0.04    1         -     -            -           -              -

relu act: 1 of 2,000 values that flow in is NaN or infinite
fc result: 1 of 2,000 values is NaN or infinite
)"));
}

void TestRunReport::stopped()
{
    RunResult result;
    result.samples = 4;
    result.stopped = "node a (Erf): it is not known";
    QCOMPARE(QString::fromStdString(runText("m.onnx", result)),
        QStringLiteral("m.onnx: 4 samples\nstopped at node a (Erf): it is not known; what was computed before:\n"));
    QCOMPARE(QString::fromStdString(runJson("m.onnx", result).dump()),
        QStringLiteral(R"({"schema":1,"file":"m.onnx","samples":4,"outputs":[],"layers":[],)"
                       R"("stopped":"node a (Erf): it is not known","notes":[]})"));
}

void TestRunReport::forMachines()
{
    QCOMPARE(QString::fromStdString(runJson("/somewhere/m.onnx", resultOf()).dump()),
        QStringLiteral(
            R"({"schema":1,"file":"m.onnx","samples":1200,"correct":900,"accuracy":0.75,)"
            R"("outputs":[{"name":"logits","shape":[1200,10]}],"layers":[)"
            R"({"name":"relu","slot":"act","count":2000,"min":0.0,"max":4.5,"mean":0.04,"rms":1.0,"codes_min":-3,)"
            R"("codes_max":17,"codes_used":19,"at_limit":20,"clipped":5,"zeroed":500,"in_min":-1.5,"in_max":6.25,)"
            R"("non_finite":1},{"name":"fc","slot":"result","count":2000,"min":0.0,"max":4.5,"mean":0.04,"rms":1.0,)"
            R"("codes_min":null,"codes_max":null,"codes_used":null,"at_limit":null,"clipped":null,"zeroed":null,)"
            R"("in_min":-1.5,"in_max":6.25,"non_finite":1}],"notes":["runs on the graph of a.onnx"]})"));
}

/// An operator that rounds within itself shows its codes alone: what flowed in is not known, and is no number.
void TestRunReport::roundedWithin()
{
    RunResult result;
    result.layers = {flowOf("conv", Slot::Output)};
    FlowFigures &figures = result.layers[0].figures;
    figures.seen.clipped.reset();
    figures.seen.codes.usedKnown = false;
    figures.high = kInfinity;
    const auto layer = runJson("m.onnx", result)["layers"][0];
    for (const char *key : {"clipped", "zeroed", "in_min", "in_max", "codes_used", "max"})
        QVERIFY2(layer[key].is_null(), key);
    QCOMPARE(layer["at_limit"].get<int>(), 20);
    figures.seen.nonFinite = 0;
    const QString text = QString::fromStdString(runText("m.onnx", result)).section(u'\n', -2, -2);
    QCOMPARE(text.simplified(), QStringLiteral("conv output 2,000 0 inf 0.04 1 -3 to 17 - 20 (1.00 %) - -"));
}

void TestRunReport::withoutNumbers_data()
{
    QTest::addColumn<bool>("flows");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("below");
    QTest::newRow("nothing flows") << false << "a act 0 - - - - - - - - -"
                                   << "";
    QTest::newRow("NaN alone") << true << "a act 6 - - - - - 0 0 0 0"
                               << "\na act: 6 of 6 values that flow in are NaN or infinite\n";
}

/// The range and the codes of no number are none.
void TestRunReport::withoutNumbers()
{
    QFETCH(bool, flows);
    QFETCH(QString, line);
    QFETCH(QString, below);
    Quantizer quantizer;
    quantizer.bitWidth = 8;
    quantizer.isSigned = true;
    quantizer.scale = Granular{{}, std::nullopt, {0.5f}};
    quantizer.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    RunResult result;
    result.layers = {{"a", layerId(0), Slot::Act, {}}};
    if (flows)
        result.layers[0].figures = measureFlow(std::vector<float>(6, kNan), {2, 3}, &quantizer);
    const QString text = QString::fromStdString(runText("m.onnx", result));
    QCOMPARE(text.section(u'\n', 5, 5).simplified(), line);
    QCOMPARE(text.section(u'\n', 6), below);
    const auto layer = runJson("m.onnx", result)["layers"][0];
    for (const char *key : {"min", "max", "mean", "rms", "codes_min", "codes_max", "in_min", "in_max"})
        QVERIFY2(layer[key].is_null(), key);
}

void TestRunReport::effects_data()
{
    QTest::addColumn<std::vector<float>>("own");
    QTest::addColumn<std::vector<float>>("other");
    QTest::addColumn<QString>("said");
    using Floats = std::vector<float>;
    QTest::newRow("equal") << Floats{1, 2, 4, 3} << Floats{1, 2, 4, 3} << "exact, 0 changed, error 0";
    QTest::newRow("a tenth, of one sample")
        << Floats{0, 10, 5, 0} << Floats{0, 9, 0, 5} << "3.89 dB, 1 changed, error 51";
    QTest::newRow("both") << Floats{0, 10, 10, 0} << Floats{10, 0, 0, 10} << "-3.01 dB, 2 changed, error 400";
    QTest::newRow("infinite in one") << Floats{1, 2, 4, 3} << Floats{1, kInfinity, 4, 3} << "-, 0 changed, error inf";
    QTest::newRow("no number in one") << Floats{1, 2, 4, 3} << Floats{1, 2, 4, kNan} << "-, 1 changed, error inf";
    QTest::newRow("no number in both") << Floats{1, 2, kNan, 3} << Floats{1, 2, kNan, 3} << "exact, 0 changed, error 0";
    QTest::newRow("other signs of infinity")
        << Floats{1, 2, kInfinity, 3} << Floats{1, 2, -kInfinity, 3} << "-, 1 changed, error inf";
    QTest::newRow("another shape") << Floats{1, 2, 4, 3} << Floats{1, 2} << "-, -, error -";
}

/// 10 log10(125 / 51) = 3.89, 10 log10(200 / 400) = -3.01.
void TestRunReport::effects()
{
    QFETCH(std::vector<float>, own);
    QFETCH(std::vector<float>, other);
    RunResult before, after;
    before.outputs = {outputOf(own)};
    after.outputs = {outputOf(other)};
    after.samples = 4;
    after.correct = 1;
    const DataEffect effect = effectOf(before, after);
    QCOMPARE(effect.accuracy.value_or(0), 0.25);
    const std::string sqnr = effect.outputSqnrDb ? fmt::format("{:.2f} dB", *effect.outputSqnrDb)
        : effect.isExact                         ? "exact"
                                                 : "-";
    const std::string changed
        = effect.predictionsChanged ? fmt::format("{} changed", *effect.predictionsChanged) : std::string("-");
    const std::string error = effect.outputErrorPower ? fmt::format("{}", *effect.outputErrorPower) : std::string("-");
    QTEST(QString::fromStdString(sqnr + ", " + changed + ", error " + error), "said");
}

void TestRunReport::effectTexts()
{
    SlotComparison first, second;
    first.layer = "conv1";
    second.layer = "conv1";
    first.slot = Slot::Weight;
    second.slot = Slot::Bias;
    first.candidates.resize(2);
    first.candidates[0].name = "file";
    first.candidates[1].name = "ap_fixed<3,0>";
    second.candidates.resize(2);
    second.candidates[0].name = "Int8BiasPerTensorFloatInternalScaling"; // whose scale is not finite
    second.candidates[1].name = "binary";
    first.candidates[1].figures.emplace();
    second.candidates[1].figures.emplace();
    QCOMPARE(choicesOf({first, second}),
        (std::vector<std::string>{"conv1:weight=file", "conv1:weight=ap_fixed<3,0>", "conv1:bias=binary"}));
    const std::vector<DataEffect> measured
        = {{{}, true, 0.0, 0, 0.75}, {12.345, false, 7.0, 1234, 0.5}, {3.5, false, 9.0, 2, 0.25}};
    const std::vector<DataEffect> effects = effectsInOrder({first, second}, measured);
    QCOMPARE(QString::fromStdString(effectsText({first, second}, effects)),
        QStringLiteral(
            R"(conv1 weight: on data, against the network's output with the file's own quantizers

Candidate      Output SQNR dB  Predictions changed  Accuracy %
file                    exact                    0       75.00
ap_fixed<3,0>           12.35                1,234       50.00

conv1 bias: on data, against the network's output with the file's own quantizers

Candidate                              Output SQNR dB  Predictions changed  Accuracy %
Int8BiasPerTensorFloatInternalScaling               -                    -           -
binary                                           3.50                    2       25.00

)"));
    nlohmann::ordered_json document = {{"layers",
        {{{"candidates", {{{"name", "a"}}, {{"name", "b"}}}}}, {{"candidates", {{{"name", "c"}}, {{"name", "d"}}}}}}}};
    addEffects(document, effects);
    QCOMPARE(QString::fromStdString(document.dump()),
        QStringLiteral(
            R"({"layers":[{"candidates":[{"name":"a","output_sqnr_db":null,"predictions_changed":0,"accuracy":0.75},)"
            R"({"name":"b","output_sqnr_db":12.345,"predictions_changed":1234,"accuracy":0.5}]},{"candidates":[)"
            R"({"name":"c","output_sqnr_db":null,"predictions_changed":null,"accuracy":null},)"
            R"({"name":"d","output_sqnr_db":3.5,"predictions_changed":2,"accuracy":0.25}]}]})"));
}

/// As torch.argmax and numpy.argmax have it.
/// Two widths of one layer and one of another, of which the last was not measured alone.
void TestRunReport::walk()
{
    const auto point = [](const char *layer, int width, std::uint64_t bits) {
        SweepPoint out;
        out.layer = layer;
        out.candidate = fmt::format("A,bit_width={}", width);
        out.family = "A";
        out.width = width;
        out.bits = bits;
        return out;
    };
    std::vector<SweepPoint> points = {point("conv1", 2, 20), point("conv1", 4, 40), point("fc", 2, 200)};
    WidthWalk walk;
    walk.bits = {20, 40, 200};
    walk.own = {{}, true, 0.0, 0, 0.75};
    walk.alone = {DataEffect{10.5, false, 3.0, 3, 0.5}, DataEffect{{}, true, 0.0, 0, 0.75}, std::nullopt};
    walk.steps = {{{.bits = 220, .points = {0, 2}, .unmet = {}}, {10.0, false, 4.0, 5, 0.25}, true},
        {{.bits = 240, .points = {1, 2}, .unmet = {}}, {9.5, false, 5.0, 6, 0.125}, false}};
    QCOMPARE(QString::fromStdString(walkText(points, walk)),
        QStringLiteral(R"(6 runs at most: the network as it is, 3 widths alone, 2 together; 5 made
accuracy with the quantizers in force: 75.00 %

on data: output SQNR in dB by bits, each layer alone in the network

Layer  Candidate      2      4
conv1  A          10.50  exact
fc     A

on data: total bits of these layers, all together (each line changes the line above as the widths alone tell; )"
                       R"(front: no line with as few bits is better)

Total bits  Output SQNR dB  Predictions changed  Accuracy %  Front  Choice
       220           10.00                    5       25.00    yes  conv1 A,bit_width=2; fc A,bit_width=2
       240            9.50                    6       12.50      -  conv1 A,bit_width=4
)"));
    const char *own = R"("own":{"output_sqnr_db":null,"predictions_changed":0,"accuracy":0.75})";
    QCOMPARE(QString::fromStdString(walkJson(points, walk).dump()),
        QStringLiteral(R"({"runs_at_most":6,"runs":5,%1,"alone":[)"
                       R"({"layer":"conv1","slot":"weight","name":"A,bit_width=2","bits":20,"output_sqnr_db":10.5,)"
                       R"("predictions_changed":3,"accuracy":0.5},{"layer":"conv1","slot":"weight",)"
                       R"("name":"A,bit_width=4","bits":40,"output_sqnr_db":null,"predictions_changed":0,)"
                       R"("accuracy":0.75},{"layer":"fc","slot":"weight","name":"A,bit_width=2","bits":200}],)"
                       R"("steps":[{"bits":220,"weight_bits":220,"activation_bits":0,"output_sqnr_db":10.0,)"
                       R"("predictions_changed":5,"accuracy":0.25,)"
                       R"("on_front":true,"choices":[{"layer":"conv1","slot":"weight","name":"A,bit_width=2"},)"
                       R"({"layer":"fc","slot":"weight","name":"A,bit_width=2"}]},)"
                       R"({"bits":240,"weight_bits":240,"activation_bits":0,"output_sqnr_db":9.5,)"
                       R"("predictions_changed":6,"accuracy":0.125,"on_front":false,"choices":[)"
                       R"({"layer":"conv1","slot":"weight","name":"A,bit_width=4"},)"
                       R"({"layer":"fc","slot":"weight","name":"A,bit_width=2"}]}]})")
            .arg(QString::fromUtf8(own)));
    points[2].slot = Slot::Act;
    QCOMPARE(QString::fromStdString(walkText(points, walk)).section("\n\n", 2),
        QStringLiteral(R"(Layer   Candidate      2      4
conv1   A          10.50  exact
fc:act  A

on data: total bits of these layers' weights and of one sample's activations, all together (each line changes the )"
                       R"(line above as the widths alone tell; front: no line with as few bits is better)

Total bits  of weights  of activations  Output SQNR dB  Predictions changed  Accuracy %  Front  Choice
       220          20             200           10.00                    5       25.00    yes  )"
                       R"(conv1 A,bit_width=2; fc:act A,bit_width=2
       240          40             200            9.50                    6       12.50      -  conv1 A,bit_width=4
)"));
    QCOMPARE(walkBitsText(walkBits(points, walk, walk.steps[0])),
        std::string("20 bits of weights and 200 bits of one sample's activations"));
    QCOMPARE(walkBitsText({.weights = 0, .activations = 1200}), std::string("1,200 bits of one sample's activations"));
    QCOMPARE(walkBitsText({.weights = 1568, .activations = 0}), std::string("1,568 bits"));
}

void TestRunReport::dataRanges_data()
{
    QTest::addColumn<std::vector<float>>("flows");
    QTest::addColumn<bool>("rounded");
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("note");
    using Floats = std::vector<float>;
    const QString none = QStringLiteral("Int8ActPerTensorFloat,range=max has no range from these data: ");
    QTest::newRow("nothing") << Floats() << false << none + "nothing flowed into that quantizer"
                             << "nothing was seen to flow into it";
    QTest::newRow("rounded within an operator")
        << Floats{1} << true << none + "an operator quantizes within itself, so what flows in is not seen"
        << "what it rounds is not seen";
    QTest::newRow("NaN alone") << Floats{kNan} << false << none + "nothing finite flowed into that quantizer"
                               << "";
    QTest::newRow("zeros") << Floats{0, -0.0f} << false << none + "that magnitude is 0"
                           << "";
    QTest::newRow("numbers") << Floats{1, -3.5f, kNan} << false
                             << "Int8ActPerTensorFloat,scaling_impl_type=const,scaling_init=3.5"
                             << "";
}

/// The threshold that flowed, or why there is none; and why there are no figures of it.
void TestRunReport::dataRanges()
{
    QFETCH(std::vector<float>, flows);
    QFETCH(bool, rounded);
    Quantizer quantizer;
    quantizer.bitWidth = 8;
    quantizer.isSigned = true;
    quantizer.scale = Granular{{}, std::nullopt, {0.5f}};
    quantizer.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    LayerFlow flow{"a", layerId(0), Slot::Act, {}};
    const Shape shape{static_cast<std::int64_t>(flows.size())};
    flow.figures = measureFlow(flows, shape, &quantizer, {}, true);
    if (rounded)
        flow.figures.seen.clipped.reset();
    const LayerFlow *seen = flows.empty() ? nullptr : &flow;
    const auto made = withDataRange(*parseCandidate("Int8ActPerTensorFloat,range=max"), seen);
    QTEST(QString::fromStdString(made ? settingsText(made->settings) : made.error().message), "said");
    CandidateResult candidate;
    takeFlow(candidate, seen);
    QTEST(QString::fromStdString(candidate.note), "note");
    QCOMPARE(candidate.figures.has_value(), candidate.note.empty());
}

void TestRunReport::largest_data()
{
    QTest::addColumn<std::vector<float>>("values");
    QTest::addColumn<int>("place");
    using Floats = std::vector<float>;
    QTest::newRow("one") << Floats{-5} << 0;
    QTest::newRow("the last") << Floats{-5, -7, -3} << 2;
    QTest::newRow("the first of equals") << Floats{1, 3, 3} << 1;
    QTest::newRow("no number") << Floats{1, kNan, 3} << 1;
    QTest::newRow("the first of several") << Floats{kNan, kInfinity, kNan} << 0;
    QTest::newRow("infinity") << Floats{1, kInfinity, 3} << 1;
}

void TestRunReport::largest()
{
    QFETCH(std::vector<float>, values);
    QTEST(static_cast<int>(placeOfLargest(values)), "place");
}

QTEST_APPLESS_MAIN(TestRunReport)
#include "tst_run_report.moc"
