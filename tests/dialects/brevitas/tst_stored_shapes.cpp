// The network has members named `slots`.
#include "quant/code_reader.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

class TestStoredShapes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void storedCountsThatDisagree_data()
    {
        QTest::addColumn<std::vector<StateTensor>>("tensors");
        QTest::addColumn<QString>("presetName");
        QTest::addColumn<QString>("rule");
        const auto four = ramp(4);
        QTest::newRow("four scales of a scalar")
            << std::vector<StateTensor>{weight("c", {}), weightKey("c", "scaling_impl.value", {4}, {1, 1, 1, 1})}
            << "Int8WeightPerChannelFloatMSE"
            << "scale-count";
        QTest::newRow("three scales of four channels")
            << std::vector<StateTensor>{weight("c", {4, 2}), weightKey("c", "scaling_impl.value", {3, 1}, {1, 1, 1})}
            << "Int8WeightPerChannelFloatMSE"
            << "scale-count";
        QTest::newRow("more zero points than scales")
            << std::vector<StateTensor>{weight("c", {2, 2}), weightKey("c", "scaling_impl.value", {2, 1}, {1, 1}),
                   weightKey("c", "zero_point_impl.value", {100000}, std::vector<float>(100000, -0.5f))}
            << "ShiftedUint8WeightPerChannelFloatMSE"
            << "zero-point-count";
        QTest::newRow("zero points but one scale")
            << std::vector<StateTensor>{weight("c", {2, 2}), weightKey("c", "scaling_impl.value", {}, {1}),
                   weightKey("c", "zero_point_impl.value", {5}, std::vector<float>(5, -0.5f))}
            << "ShiftedUint8WeightPerTensorFloatMSE"
            << "scale-count";
        QTest::newRow("affine factors") << std::vector<StateTensor>{weight("c", {4, 2}),
            weightKey("c", "scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight", {3}, {1, 1, 1})}
                                        << "Int8WeightPerChannelFloat\"\nscaling_impl_type = \"affine_stats"
                                        << "scale-count";
        QTest::newRow("norms of another count")
            << std::vector<StateTensor>{weight("c", {4, 2}), weightKey("c", "scaling_impl.value", {4, 1}, four),
                   weightKey("c", "pre_scaling_impl.value", {3, 1}, {1, 1, 1})}
            << "Int8WeightNormL2PerChannelFixedPoint"
            << "key-missing";
    }

    /// Two arrays of a hostile file never index one another.
    void storedCountsThatDisagree()
    {
        QFETCH(std::vector<StateTensor>, tensors);
        QFETCH(QString, presetName);
        QFETCH(QString, rule);
        const auto network = recovered(tensors, preset("c", "weight", presetName.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Diagnostic *found = findRule(*network, rule.toStdString());
        QVERIFY(found != nullptr);
        QCOMPARE(found->severity, Severity::Error);
        QVERIFY(!network->layer("c")->slot("weight")->quantizer);
    }

    void activationCountsThatDisagree_data()
    {
        QTest::addColumn<std::vector<StateTensor>>("tensors");
        QTest::addColumn<QString>("presetName");
        QTest::newRow("zero points") << std::vector<StateTensor>{actKey(
                                                                     "r", "scaling_impl.value", {1, 2, 1, 1}, {1, 2}),
            actKey("r", "zero_point_impl.value", {1, 5, 1, 1}, std::vector<float>(5, -0.5f))}
                                     << "ShiftedUint8ActPerTensorFloat";
        QTest::newRow("factors") << std::vector<StateTensor>{actKey("r", "scaling_impl.runtime_stats.running_stats",
                                                                 {1, 3, 1, 1}, {1, 2, 3}),
            actKey("r", "scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight", {1, 2, 1, 1}, {1, 2})}
                                 << "Int8ActPerTensorFloatBatchQuant2d";
        QTest::newRow("two axes") << std::vector<StateTensor>{actKey("r", "scaling_impl.value", {2, 2}, {1, 2, 3, 4})}
                                  << "Int8ActPerTensorFloat";
    }

    void activationCountsThatDisagree()
    {
        QFETCH(std::vector<StateTensor>, tensors);
        QFETCH(QString, presetName);
        const auto network = recovered(tensors, preset("r", "act", presetName.toStdString()));
        QVERIFY(network);
        QVERIFY(std::any_of(network->diagnostics.begin(), network->diagnostics.end(), [&](const Diagnostic &d) {
            return d.severity == Severity::Error && subjectName(*network, d.subject) == "r";
        }));
        QVERIFY(!network->layer("r")->slot("act")->quantizer);
    }

    void channelAxis_data()
    {
        QTest::addColumn<Shape>("weightShape");
        QTest::addColumn<Shape>("scaleShape");
        QTest::addColumn<QString>("layerEntry");
        QTest::addColumn<QString>("presetName");
        QTest::addColumn<int>("axis");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<bool>("assumed");
        const char *mse = "Int8WeightPerChannelFloatMSE";
        QTest::newRow("transposed by its scales")
            << Shape{4, 4, 2, 2} << Shape{1, 4, 1, 1} << "" << mse << 1 << "ConvTranspose2d" << false;
        QTest::newRow("transposed, other channel counts")
            << Shape{3, 4, 2, 2} << Shape{1, 4, 1, 1} << "" << mse << 1 << "ConvTranspose2d" << false;
        QTest::newRow("plain by its scales")
            << Shape{4, 4, 2, 2} << Shape{4, 1, 1, 1} << "" << mse << 0 << "Conv2d" << false;
        QTest::newRow("scales without a shape") << Shape{4, 4, 2, 2} << Shape{4} << "" << mse << 0 << "Conv2d" << true;
        QTest::newRow("scales without a shape, kind given")
            << Shape{4, 4, 2, 2} << Shape{4} << "kind = \"QuantConvTranspose2d\"" << mse << 1 << "ConvTranspose2d"
            << false;
        QTest::newRow("any case") << Shape{4, 4, 2} << Shape{4} << "kind = \"convtranspose1d\"" << mse << 1
                                  << "ConvTranspose1d" << false;
        QTest::newRow("the file is stronger")
            << Shape{4, 4, 2, 2} << Shape{1, 4, 1, 1} << "kind = \"Conv2d\"" << mse << 1 << "Conv2d" << false;
        QTest::newRow("a Linear stays one")
            << Shape{4, 4} << Shape{4, 1} << "kind = \"ConvTranspose2d\"" << mse << 0 << "Linear" << false;
        QTest::newRow("a pre-scale over channels") << Shape{4, 4, 2, 2} << Shape{} << ""
                                                   << "Int4WeightPerTensorFloatDecoupled" << 0 << "Conv2d" << true;
    }

    void channelAxis()
    {
        QFETCH(Shape, weightShape);
        QFETCH(Shape, scaleShape);
        QFETCH(QString, layerEntry);
        QFETCH(QString, presetName);
        QFETCH(int, axis);
        QFETCH(QString, kind);
        QFETCH(bool, assumed);
        std::string recipe = "brevitas = \"0.10.2\"\n" + preset("up", "weight", presetName.toStdString());
        if (!layerEntry.isEmpty())
            recipe += "[[layer]]\nmatch = \"up\"\n" + layerEntry.toStdString() + "\n";
        const std::vector<float> scales(elementCount(scaleShape), 1.0f);
        const auto network
            = recovered({weight("up", weightShape), weightKey("up", "scaling_impl.value", scaleShape, scales)}, recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Layer &layer = *network->layer("up");
        const SlotQuantizer &slot = *layer.slot("weight");
        QVERIFY2(slot.quantizer, network->diagnostics.empty() ? "" : network->diagnostics.front().text.c_str());
        QCOMPARE(slot.channelAxis, axis);
        QCOMPARE(QString::fromStdString(layer.kind), kind);
        QCOMPARE(slot.assumed, assumed);
        QCOMPARE(slot.quantizer->origin.at("scale").origin == Origin::Assumed, assumed);
        if (slot.quantizer->scale->values.size() > 1)
            QCOMPARE(slot.quantizer->scale->axis, std::optional(axis));
        QCOMPARE(findRule(*network, "kind-contradicts-file") != nullptr,
            QString(QTest::currentDataTag()) == "the file is stronger");
        QCOMPARE(findRule(*network, "kind-does-not-fit") != nullptr,
            QString(QTest::currentDataTag()) == "a Linear stays one");
    }

    void transposedByItsBias_data()
    {
        QTest::addColumn<Shape>("weightShape");
        QTest::addColumn<int>("biasCount");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("groups");
        QTest::newRow("in 6, out 5") << Shape{6, 5, 2, 2} << 5 << "ConvTranspose2d" << 1;
        QTest::newRow("two groups") << Shape{8, 2, 3} << 4 << "ConvTranspose1d" << 2;
        QTest::newRow("as many of both") << Shape{4, 4, 2, 2} << 4 << "Conv2d" << 1; // nothing tells
        QTest::newRow("depthwise") << Shape{6, 1, 3, 3} << 6 << "Conv2d" << 1;
        QTest::newRow("neither") << Shape{6, 4, 2, 2} << 5 << "Conv2d" << 1;
    }

    void transposedByItsBias()
    {
        QFETCH(Shape, weightShape);
        QFETCH(int, biasCount);
        QFETCH(QString, kind);
        QFETCH(int, groups);
        const auto count = static_cast<std::size_t>(biasCount);
        const auto network
            = recovered({weight("up", weightShape), {"up.bias", {biasCount}, std::vector<float>(count, 0.3f)}}, "");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Layer &layer = *network->layer("up");
        QCOMPARE(QString::fromStdString(layer.kind), kind);
        QCOMPARE(layer.groups, groups);
        QVERIFY(layer.kindAssumed);
        QCOMPARE(layer.slot(Slot::Weight)->channelAxis, kind.startsWith("ConvTranspose") ? 1 : 0);
    }

    /// Codes of a transposed convolution: 0.5 in channel 1, whose threshold is 127, is code 0 or 1 by hand.
    void transposedCodes()
    {
        const auto network = recovered({{"up.weight", {2, 2, 1, 1}, {1, 1, 1, 1}},
                                           weightKey("up", "scaling_impl.value", {1, 2, 1, 1}, {127, 63.5f})},
            preset("up", "weight", "Int8WeightPerChannelFloatMSE"));
        QVERIFY(network);
        CodeReader reader(*network->layer("up")->slot("weight"));
        std::vector<std::int64_t> codes(4);
        reader.integers(0, codes);
        QCOMPARE(codes, (std::vector<std::int64_t>{1, 2, 1, 2})); // scales 1 and 1/2 along axis 1
    }
};

QTEST_GUILESS_MAIN(TestStoredShapes)
#include "tst_stored_shapes.moc"
