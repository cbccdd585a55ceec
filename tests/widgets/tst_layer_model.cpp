#include "items/facts.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "items/problem_model.h"
#include "items/quantizer_model.h"
#include "support.h"
#include "support/flow_sketch.h"

#include <QAbstractItemModelTester>

using namespace quantscope;
using namespace Qt::StringLiterals;

class LayerModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    /// The numbers of the sample, as its training recorded them (resources/samples/digits_expected.json).
    void showsTheSample()
    {
        Session session;
        LayerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        model.setInspection(session.inspection());
        // Sizes: biases have 16 bits, so that conv2 has 4,608 · 6 + 32 · 16 of them.
        const QStringList expected{u"quant_inp | Identity | – | – | 8 | 2⁻⁶ | 2 | 6 | – | – | – |  |  | "_s,
            u"conv1 | Conv2d | 16×1×3×3 | 160 | 8 | 2⁻⁷ | 1 | 7 | 1.4 kbit | 43.1 | 0 |  |  | "_s,
            u"relu1 | ReLU | – | – | u8 | 2⁻⁶ | 2 | 6 | – | – | – |  |  | "_s,
            u"conv2 | Conv2d | 32×16×3×3 | 4,640 | 6 | 2⁻⁶ | 0 | 6 | 28.2 kbit | 26.8 | 0 |  |  | "_s,
            u"relu2 | ReLU | – | – | u6 | 2⁻³ | 3 | 3 | – | – | – |  |  | "_s,
            u"fc1 | Linear | 64×128 | 8,256 | 4 | 2⁻⁵ | −1 | 5 | 33.8 kbit | 18.9 | 1.3 % |  |  | "_s,
            u"relu3 | ReLU | – | – | u8 | 2⁻⁴ | 4 | 4 | – | – | – |  |  | "_s,
            u"fc2 | Linear | 10×64 | 650 | 8 | 2⁻⁸ | 0 | 8 | 5.3 kbit | 40.7 | 0 |  |  | "_s};
        QCOMPARE(test::printed(model), expected);
    }

    void fillsInWhenStatisticsArrive()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LayerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setInspection({session.network(), {}, {}});
        const int row = model.rowOf(u"conv2"_s);
        QCOMPARE(model.index(row, LayerModel::Sqnr).data().toString(), u"–"_s);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.updateLayer("conv2", session.inspection());
        QCOMPARE(changed.size(), 1);
        QCOMPARE(changed.first().at(0).toModelIndex(), model.index(row, LayerModel::Sqnr));
        QCOMPARE(changed.first().at(1).toModelIndex(), model.index(row, LayerModel::Problems));
        QCOMPARE(model.index(row, LayerModel::Sqnr).data().toString(), u"26.8"_s);
    }

    void sortsByNumbersWithUnknownLast()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LayerModel model;
        model.setInspection(session.inspection());
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        const auto names = [&] {
            QStringList list;
            for (int row = 0; row < 4; ++row)
                list << proxy.index(row, 0).data().toString();
            return list;
        };
        proxy.sort(LayerModel::Params, Qt::DescendingOrder);
        QCOMPARE(names(), (QStringList{u"fc1"_s, u"conv2"_s, u"fc2"_s, u"conv1"_s}));
        proxy.sort(LayerModel::Sqnr, Qt::AscendingOrder);
        QCOMPARE(names(), (QStringList{u"fc1"_s, u"conv2"_s, u"fc2"_s, u"conv1"_s}));
    }

    void filters_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QStringList>("names");
        const QStringList all{
            u"quant_inp"_s, u"conv1"_s, u"relu1"_s, u"conv2"_s, u"relu2"_s, u"fc1"_s, u"relu3"_s, u"fc2"_s};
        QTest::newRow("nothing") << QString() << all;
        QTest::newRow("word in the name") << u"CONV"_s << QStringList{u"conv1"_s, u"conv2"_s};
        QTest::newRow("word in the kind") << u"linear"_s << QStringList{u"fc1"_s, u"fc2"_s};
        QTest::newRow("bits") << u"bits<8"_s << QStringList{u"conv2"_s, u"relu2"_s, u"fc1"_s};
        QTest::newRow("two terms") << u"bits<8 kind:conv"_s << QStringList{u"conv2"_s};
        QTest::newRow("share") << u"sat>1%"_s << QStringList{u"fc1"_s};
        QTest::newRow("decibels") << u"sqnr<=26.9"_s << QStringList{u"conv2"_s, u"fc1"_s};
        QTest::newRow("thousands") << u"params>=1k"_s << QStringList{u"conv2"_s, u"fc1"_s};
        QTest::newRow("power") << u"scale=2^-6"_s << QStringList{u"quant_inp"_s, u"relu1"_s, u"conv2"_s};
        QTest::newRow("negative integer bits") << u"int<0"_s << QStringList{u"fc1"_s};
        QTest::newRow("fraction") << u"frac:8"_s << QStringList{u"fc2"_s};
        QTest::newRow("negated") << u"-relu -kind:conv"_s << QStringList{u"quant_inp"_s, u"fc1"_s, u"fc2"_s};
        QTest::newRow("unequal") << u"kind!=relu bits!=8"_s << QStringList{u"conv2"_s, u"fc1"_s};
        QTest::newRow("no match") << u"nothing"_s << QStringList{};
    }
    void filters()
    {
        QFETCH(QString, filter);
        QFETCH(QStringList, names);
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LayerModel model;
        model.setInspection(session.inspection());
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        QCOMPARE(proxy.setFilterText(filter), QString());
        QStringList shown;
        for (int row = 0; row < proxy.rowCount(); ++row)
            shown << proxy.index(row, 0).data().toString();
        QCOMPARE(shown, names);
    }

    /// Filters and sorting read the numbers, not what four digits of them say.
    void valuesNotTexts_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QStringList>("names");
        QTest::newRow("large") << u"scale>1000"_s << QStringList{u"huge"_s};
        QTest::newRow("small") << u"scale<0.001"_s << QStringList{u"tiny"_s};
        QTest::newRow("all digits") << u"scale=0.0123456"_s << QStringList{u"plain"_s};
        QTest::newRow("rounded") << u"scale=0.01235"_s << QStringList{};
        QTest::newRow("power") << u"scale=2^-7"_s << QStringList{u"power"_s};
        QTest::newRow("fraction") << u"frac=7 int=1"_s << QStringList{u"power"_s};
        QTest::newRow("stored bits") << u"bits=16"_s << QStringList{u"huge"_s};
        QTest::newRow("several scales") << u"scale>0 scale!=1 name=many"_s << QStringList{};
        QTest::newRow("several powers") << u"frac=3"_s << QStringList{u"many"_s};
    }
    void valuesNotTexts()
    {
        QFETCH(QString, filter);
        QFETCH(QStringList, names);
        const auto network = scaled();
        LayerModel model;
        model.setInspection({network, {}, {}});
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        QCOMPARE(proxy.setFilterText(filter), QString());
        QCOMPARE(namesIn(proxy), names);
    }

    void sortsByValues_data()
    {
        QTest::addColumn<int>("column");
        QTest::addColumn<bool>("descending");
        QTest::addColumn<QStringList>("names");
        QTest::newRow("scale") << int(LayerModel::Scale) << false
                               << QStringList{u"tiny"_s, u"power"_s, u"plain"_s, u"huge"_s, u"many"_s};
        QTest::newRow("scale, falling") << int(LayerModel::Scale) << true
                                        << QStringList{u"huge"_s, u"plain"_s, u"power"_s, u"tiny"_s, u"many"_s};
        QTest::newRow("bits") << int(LayerModel::Bits) << false
                              << QStringList{u"many"_s, u"tiny"_s, u"plain"_s, u"power"_s, u"huge"_s};
    }
    void sortsByValues()
    {
        QFETCH(int, column);
        QFETCH(bool, descending);
        QFETCH(QStringList, names);
        LayerModel model;
        model.setInspection({scaled(), {}, {}});
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        proxy.sort(column, descending ? Qt::DescendingOrder : Qt::AscendingOrder);
        QCOMPARE(namesIn(proxy), names);
    }

    /// What the head of a column and its cells tell.
    void tellsWhatColumnsMean()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LayerModel model;
        model.setInspection(session.inspection());
        QStringList heads, tips;
        for (int column = 0; column < LayerModel::NUM_COLUMNS; ++column) {
            heads << model.headerData(column, Qt::Horizontal).toString();
            tips << model.index(model.rowOf(u"fc1"_s), column).data(Qt::ToolTipRole).toString();
        }
        QCOMPARE(heads,
            (QStringList{u"Layer"_s, u"Kind"_s, u"Shape"_s, u"Params"_s, u"Bits"_s, u"Scale"_s, u"Int."_s, u"Frac."_s,
                u"Size"_s, u"SQNR"_s, u"Sat."_s, u"Proposed"_s, u"Change"_s, QString()}));
        QCOMPARE(tips,
            (QStringList{u"fc1"_s, QString(), QString(), u"weights + biases"_s, u"bits of a code; u means unsigned"_s,
                u"value = (code − zero point) · scale"_s, u"integer bits of the word, with the sign"_s,
                u"fractional bits of the word: −log₂ of the scale"_s,
                u"weights and biases: elements times bits of a code"_s,
                u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s,
                u"share of the weights whose code is an end of the range"_s,
                u"what is proposed for the layer and not applied"_s,
                u"codes that differ from the other model, or the field that differs"_s, QString()}));
        QCOMPARE(model.index(model.rowOf(u"fc2"_s), 0).data(LayerModel::SeverityRole).toString(), QString());
    }

    void tellsOfProblems()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("onnx/warn_scale_zero.onnx")));
        LayerModel model;
        model.setInspection(session.inspection());
        const int last = LayerModel::NUM_COLUMNS - 1;
        int row = 0;
        while (row < model.rowCount() && model.row(row).problems == 0)
            ++row;
        QVERIFY(row < model.rowCount());
        QVERIFY(model.index(row, last).data(Qt::ToolTipRole).toString().endsWith(u": see the list below"_s));
        QCOMPARE(model.index(row, 0).data(LayerModel::SeverityRole).toString(), u"warning"_s);
    }

    /// A first click on the problems shows the worst: one error before many warnings.
    void aClickOnProblems()
    {
        LayerModel model;
        QCOMPARE(model.headerData(LayerModel::Problems, Qt::Horizontal, Qt::InitialSortOrderRole).toInt(),
            static_cast<int>(Qt::DescendingOrder));
        auto network = std::make_shared<Network>();
        Inspection inspection{network, {}, {}};
        const std::pair<const char *, QList<Severity>> layers[] = {{"fine", {}}, {"notes", {Severity::Note}},
            {"warned", {Severity::Warning, Severity::Warning, Severity::Warning}}, {"wrong", {Severity::Error}}};
        for (const auto &[name, severities] : layers) {
            Layer &layer = network->layers.emplace_back();
            layer.id = LayerId(static_cast<std::uint32_t>(network->layers.size() - 1));
            layer.name = name;
            for (const Severity severity : severities)
                inspection.diagnostics.push_back({"r", severity, layer.id, "t"});
        }
        model.setInspection(inspection);
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.sort(LayerModel::Problems, Qt::DescendingOrder);
        QCOMPARE(namesIn(proxy).mid(0, 2), (QStringList{u"wrong"_s, u"warned"_s}));
    }

    /// A scale that is not finite, as ONNX files have, gives no range.
    void rangesOfBrokenScales_data()
    {
        QTest::addColumn<float>("scale");
        QTest::addColumn<QString>("range");
        QTest::newRow("2^-6") << 0x1p-6f << u"±0.484"_s; // 31 / 64
        QTest::newRow("nearly 2") << 0x1.0842p-4f << u"±1.99"_s; // 31 · 0.0645 = 1.99994
        QTest::newRow("nan") << std::numeric_limits<float>::quiet_NaN() << u"unknown"_s;
        QTest::newRow("inf") << std::numeric_limits<float>::infinity() << u"unknown"_s;
    }
    void rangesOfBrokenScales()
    {
        QFETCH(float, scale);
        QFETCH(QString, range);
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        Quantizer quantizer = *slotRef(session.network(), "conv2", Slot::Weight).slot->quantizer;
        quantizer.scale->values[0] = scale;
        QCOMPARE(rangeText(quantizer, 3), range);
    }

    /// A slot without a quantizer has words too.
    void slotsWithoutQuantizer()
    {
        SlotQuantizer slot;
        slot.slot = Slot::Weight;
        QCOMPARE(granularityText(slot), u"unknown"_s);
        QCOMPARE(slotFacts(slot).problem, u"the quantizer is not known: see the problems below"_s);
        QCOMPARE(slotFigures(slot, nullptr).size(), std::size_t(1));
        QCOMPARE(slotFigures(slot, nullptr)[0].value, u"unknown"_s);
        QVERIFY(provenanceLine(slot).empty());
        slot.quantizer.emplace();
        QCOMPARE(granularityText(slot), u"unknown"_s);
        slot.quantizer->scale = Granular{{}, 0, {0.5f, 0.25f}};
        QCOMPARE(granularityText(slot), u"per channel"_s);
    }

    /// Whoever looks before the model has said that the flow is new sees nothing of the old one.
    void lookedAtInBetween()
    {
        const test::FlowSketch large(
            u"a=u8 2^-6; b; c; d=u8 2^-6; e=u8 2^-5; f"_s, u"x > a > b > c > d > add; a > e > add; add > f"_s);
        const test::FlowSketch small(u"a=u8 2^-6; b"_s, u"x > a > b"_s);
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        QStringList seen;
        const auto look = [&] {
            seen.clear();
            for (int row = 0; row < proxy.rowCount(); ++row)
                seen << proxy.index(row, 0).data(Qt::ToolTipRole).toString();
        };
        model.setInspection({std::make_shared<const Network>(large.network), {}, {}});
        look();
        QVERIFY2(seen.join(u' ').contains(u"≠ e act: u8 · 2⁻⁵"), qPrintable(seen.join(u' ')));
        connect(&proxy, &QAbstractItemModel::modelReset, this, look);
        model.setInspection({std::make_shared<const Network>(small.network), {}, {}});
        QCOMPARE(seen, (QStringList{u"a\nfeeds b"_s, u"b\nreads a"_s}));
    }

    /// Who reads the shape alone of what a join makes reads nothing that differs.
    void shapesOfJoins()
    {
        Network network = test::FlowSketch(u"q=u8 2^-6; s=u8 2^-5; r; t"_s, QString()).network;
        FlowBuilder builder;
        for (const Layer &layer : network.layers)
            builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name});
        const FlowNodeId q{0}, s{1}, r{2}, t{3}, add = builder.add({.opType = "Add"}),
                                                 shape = builder.add({.opType = "Shape"});
        for (const FlowNodeId from : {q, s})
            builder.connect({.from = from,
                .to = add,
                .use = FlowUse::Sums,
                .quantizer = SlotId{layerId(position(from)), Slot::Act}});
        builder.connect({.from = add, .to = r});
        builder.connect({.from = add, .to = shape});
        builder.connect({.from = shape, .to = t, .shapeOnly = true});
        network.flow = builder.build();
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        model.setInspection({std::make_shared<const Network>(network), {}, {}});
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        QStringList rows;
        for (int row = 0; row < proxy.rowCount(); ++row)
            rows << proxy.index(row, 0).data(Qt::AccessibleDescriptionRole).toString();
        QCOMPARE(rows,
            (QStringList{u"feeds r; gives a shape to t"_s, u"feeds r; gives a shape to t"_s,
                u"reads q and s; joins; differs"_s, u"reads a shape from q and s"_s}));
    }

    void listsQuantizers()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QuantizerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setNetwork(session.network());
        QCOMPARE(model.rowCount(), 12);
        QVERIFY(test::printed(model).contains(
            u"conv2 | weight | ap_fixed<6,0> | Int8WeightPerTensorFixedPoint, bit_width=6 | recipe"_s));
    }

    void problemsWorstFirst()
    {
        ProblemModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setChecked(saidSoFar({std::make_shared<const Network>(), {},
            {{"c", Severity::Note, "x", "third"}, {"b", Severity::Warning, "", "scale 2^-4"},
                {"a", Severity::Error, "y", "first"}, {"d", Severity::Warning, "z", "after b"}}}));
        const QStringList worst{
            u"error | y | first"_s, u"warning | file | scale 2⁻⁴"_s, u"warning | z | after b"_s, u"note |  | 1 note"_s};
        QCOMPARE(test::printed(model), worst);
        model.setFolded(3, false);
        QCOMPARE(test::printed(model), worst + QStringList{u"note | x | third"_s});
        QCOMPARE(model.count(Severity::Warning), 2);
    }

private:
    /// Activations with scales that four digits do not tell apart, or that are written with an exponent.
    static std::shared_ptr<const Network> scaled()
    {
        auto network = std::make_shared<Network>();
        const auto add = [&](const char *name, int bits, bool stored, std::vector<float> scales) {
            Layer &layer = network->add({});
            layer.name = name;
            layer.kind = "ReLU";
            SlotQuantizer &slot = layer.slots.emplace_back();
            slot.slot = Slot::Act;
            slot.quantizer.emplace();
            (stored ? slot.quantizer->storageBits : slot.quantizer->bitWidth) = bits;
            slot.quantizer->isSigned = true;
            slot.quantizer->scale = Granular{{}, {}, std::move(scales)};
            slot.quantizer->zeroPoint = Granular{{}, {}, {0.0f}};
        };
        add("plain", 8, false, {0.0123456f});
        add("huge", 16, true, {2e6f});
        add("many", 4, false, {0.125f, 0.0625f});
        add("tiny", 6, false, {1.5e-5f});
        add("power", 8, false, {0x1p-7f});
        return network;
    }
    static QStringList namesIn(const QAbstractItemModel &model)
    {
        QStringList names;
        for (int row = 0; row < model.rowCount(); ++row)
            names << model.index(row, 0).data().toString();
        return names;
    }
};

QTEST_MAIN(LayerModelTest)
#include "tst_layer_model.moc"
