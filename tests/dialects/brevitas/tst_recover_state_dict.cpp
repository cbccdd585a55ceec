// The model has members named `slots`.
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "formats/open_model.h"
#include "support/paths.h"
#include "support/watched_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

/// Weights of every kind of dependence: "a" and "b" share, "c" has a bias that follows its weight and the input "act",
/// "n" keeps an accumulator from overflowing for that input, "d" stands alone.
std::vector<StateTensor> everyDependence()
{
    return {weight("a", {4, 4}), weight("b", {4, 4}), actKey("act", "scaling_impl.value", {}, {2}), weight("c", {4, 4}),
        {"c.bias", {4}, ramp(4)}, weight("n", {2, 4}), weightKey("n", "scaling_impl.value", {2, 1}, {-5, -5}),
        weightKey("n", "pre_scaling_impl.value", {2, 1}, {1, 1}), weight("d", {4, 4})};
}

std::string everyRecipe()
{
    return "brevitas = \"0.10.2\"\n" + preset("a", "weight", "Int8WeightPerTensorFloat")
        + entry("b", "weight", "shared_with = \"a\"") + preset("act", "act", "Int8ActPerTensorFloat")
        + preset("c", "weight", "Int8WeightPerTensorFloat")
        + entry("c", "bias", "preset = \"Int16Bias\"\ninput = \"act\"")
        + entry("n", "weight", "preset = \"Int8AccumulatorAwareWeightQuant\"\ninput = \"act\"")
        + preset("d", "weight", "Int8WeightPerTensorFloat");
}

} // namespace

/// What one slot costs the others: an unreadable one nothing, an edited one what follows from it.
class TestRecoverStateDict : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// An activation scale that cannot be read is the error of its own slot.
    void anUnreadableScaleHidesNoOther()
    {
        WatchedFile watched({weight("fc", {4, 4}), actKey("broken", "scaling_impl.value", {}, {2}),
            actKey("act", "scaling_impl.value", {}, {4})});
        watched.sources["broken.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value"]->refuse
            = [] { throw ParseError("its bytes are not in the file"); };
        const auto network = recoverQuantizers(watched.file);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QVERIFY(network->layer("fc")->slot("weight")->quantizer->isComplete());
        QCOMPARE(network->layer("act")->slot("act")->quantizer->scale->values, std::vector<float>{4.0f / 128});
        QVERIFY(!network->layer("broken")->slot("act")->quantizer);
        const Diagnostic *said = problemOf(*network, {network->layer("broken")->id, Slot::Act});
        QVERIFY(said != nullptr);
        QCOMPARE(said->rule, std::string("tensor-unreadable"));
        QCOMPARE(said->text, std::string("broken act: its bytes are not in the file"));
        QCOMPARE(std::ranges::count(network->diagnostics, Severity::Error, &Diagnostic::severity), 1);
    }

    void anEditReadsOnlyWhatFollowsFromIt_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QStringList>("read"); ///< layers whose weight is read again
        QTest::newRow("alone") << "d"
                               << "weight"
                               << "Int8WeightPerTensorFixedPoint" << QStringList{"d"};
        QTest::newRow("with a bias") << "c"
                                     << "weight"
                                     << "Int8WeightPerTensorFixedPoint" << QStringList{"c"};
        QTest::newRow("shared") << "a"
                                << "weight"
                                << "Int8WeightPerTensorFixedPoint" << QStringList{"a", "b"};
        QTest::newRow("read by others") << "act"
                                        << "act"
                                        << "Uint8ActPerTensorFloat" << QStringList{"n"};
        QTest::newRow("nothing follows") << "c"
                                         << "bias"
                                         << "Int8BiasPerTensorFloatInternalScaling" << QStringList{};
    }

    /// What an edit does not touch is taken over, sharers, biases and accumulator-aware weights too, and everything is
    /// as if it had been recovered anew.
    void anEditReadsOnlyWhatFollowsFromIt()
    {
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(QString, preset);
        QFETCH(QStringList, read);
        WatchedFile watched(everyDependence());
        const Recipe before = *parseRecipe(everyRecipe(), "r.toml");
        const Recipe after
            = withChoice(before, {layer.toStdString(), *slotFromName(slot.toStdString()), preset.toStdString(), {}});
        const auto old = recoverQuantizers(watched.file, before);
        const auto full = recoverQuantizers(watched.file, after);
        QVERIFY(old && full);
        for (const Layer &known : old->layers)
            for (const SlotQuantizer &each : known.slots)
                QVERIFY2(each.quantizer && each.quantizer->isComplete(), known.name.c_str());
        watched.read();
        const auto quick = recoverQuantizers(watched.file, after, {}, {nullptr, &*old});
        QVERIFY(quick);
        QStringList again;
        for (const std::string &name : watched.read())
            if (name.ends_with(".weight"))
                again << QString::fromStdString(name.substr(0, name.find('.')));
        QCOMPARE(again, read);
        for (const Layer &known : full->layers)
            for (const SlotQuantizer &each : known.slots)
                QVERIFY2(quick->layer(known.name)->slot(each.slot)->quantizer == each.quantizer, known.name.c_str());
        QCOMPARE(quick->diagnostics.size(), full->diagnostics.size());
        for (std::size_t i = 0; i < full->diagnostics.size(); ++i)
            QCOMPARE(quick->diagnostics[i].text, full->diagnostics[i].text);
    }

    /// Layers that were only listed hold no merged weights to take over.
    void listedLayersAreNoEarlierOnes()
    {
        const auto file = *openModel(data("torch/zip/state_dict.pt"));
        const Recipe merging = withBatchNorm({}, "conv1", "bn1");
        const Network listed = listLayers(file, merging);
        const auto fresh = recoverQuantizers(file, merging);
        const auto hinted = recoverQuantizers(file, merging, {}, {nullptr, &listed});
        QVERIFY(fresh && hinted);
        QCOMPARE(readFloats(*hinted->layer("conv1")->slot("weight")->tensor),
            readFloats(*fresh->layer("conv1")->slot("weight")->tensor));
    }
};

QTEST_GUILESS_MAIN(TestRecoverStateDict)
#include "tst_recover_state_dict.moc"
