// The network has members named `slots`.
#include "dialects/brevitas/recipe_confirmation.h"
#include "open/open_network.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <cmath>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::string kProxy = ".act_quant_proxy.fused_activation_quant_proxy.tensor_quant.";
const float kLogOfSix = std::log2(6.0f);

std::string originOf(const SlotQuantizer &slot, const char *field) { return slot.quantizer->origin.at(field).text(); }

} // namespace

class TestOldKeys : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// QuantReLU(max_val=6) of 2019: the stored number is log2(6), and 6 / 255 the scale at eight bits.
    void field()
    {
        const auto network = openNetwork(data("field/old_learned_value.pt"));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &relu = *network->layer("relu")->slot("act");
        QVERIFY(std::fabs(relu.quantizer->scale->values[0] - 6.0f / 255) < 1e-8f);
        QVERIFY(relu.presetAssumed && relu.assumed);
        QCOMPARE(QString::fromStdString(originOf(relu, "scale")),
            "assumed: act_quant_proxy.fused_activation_quant_proxy.tensor_quant.scaling_impl.learned_value = "
            "2.5849624, "
            "log2 of the threshold; that it is a logarithm, the default before Brevitas 0.6, is assumed");
        const Diagnostic *said = findRule(*network, "keys-before-0.6");
        QVERIFY(said != nullptr);
        QCOMPARE(said->severity, Severity::Warning);
        // Layers of that time had the full range and no presets.
        const SlotQuantizer &weight = *network->layer("conv")->slot("weight");
        QCOMPARE(weight.quantizer->narrow, std::optional(false));
        QCOMPARE(QString::fromStdString(originOf(weight, "narrow")), "assumed: narrow_range = false");
        const auto range = std::abs(weight.quantizer->scale->values[0]);
        QVERIFY(range > 0);
    }

    void recipes_data()
    {
        QTest::addColumn<QString>("name"); ///< of the key behind the layer
        QTest::addColumn<float>("value");
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<float>("scale");
        QTest::addColumn<bool>("assumed");
        const QString old = QString::fromStdString(kProxy) + "scaling_impl.learned_value";
        const QString now = ".act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value";
        const QString floats = "preset = \"Uint8ActPerTensorFloat\"\nbit_width = 4\n";
        const auto row = [](const char *name, const QString &key, float value, const QString &recipe, float scale,
                             bool assumed) { QTest::newRow(name) << key << value << recipe << scale << assumed; };
        row("preset, no word on the restriction", old, kLogOfSix, floats, 6.0f / 15, true);
        row("LOG_FP", old, kLogOfSix, floats + "restrict_scaling_type = \"LOG_FP\"\n", 6.0f / 15, false);
        row("FP", old, kLogOfSix, floats + "restrict_scaling_type = \"FP\"\n", kLogOfSix / 15, false);
        row("power of two", old, kLogOfSix, "preset = \"Uint8ActPerTensorFixedPoint\"\nbit_width = 4\n", 0.5f, false);
        row("below the limit of that time", old, -20.0f, floats, std::ldexp(1.0f, -16) / 15, true);
        row("threshold below one", old, -2.0f, floats, 0.25f / 15, true);
        row("key of 2019, field of today", QString::fromStdString(kProxy) + "scaling_impl.value", kLogOfSix, floats,
            6.0f / 15, true);
        row("keys of today", now, kLogOfSix, floats, kLogOfSix / 15, false);
        row("running statistics are linear",
            QString::fromStdString(kProxy) + "scaling_impl.runtime_stats.running_stats", 3.0f, floats, 3.0f / 15,
            false);
    }

    /// What the recipe says of the restriction is taken at its word; what it leaves open is as it was then.
    void recipes()
    {
        QFETCH(QString, name);
        QFETCH(float, value);
        QFETCH(QString, recipe);
        QFETCH(float, scale);
        QFETCH(bool, assumed);
        const auto network
            = recovered({{"relu" + name.toStdString(), {}, {value}}}, entry("relu", "act", recipe.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("relu")->slot("act");
        QVERIFY(slot.quantizer && slot.quantizer->scale);
        QVERIFY2(std::fabs(slot.quantizer->scale->values[0] / scale - 1) < 1e-6f,
            qPrintable(QString::number(slot.quantizer->scale->values[0])));
        QCOMPARE(slot.assumed, assumed);
        QCOMPARE(findRule(*network, "keys-before-0.6") != nullptr, assumed);
        QCOMPARE(originOf(slot, "scale").starts_with("assumed"), assumed);
    }

    /// Confirming settles the logarithm too.
    void confirmed()
    {
        const auto network = openNetwork(data("field/old_learned_value.pt"));
        QVERIFY(network);
        const SlotId slot{network->layer("relu")->id, Slot::Act};
        const auto after = recoverQuantizers(network->file, withConfirmed(network->recipe, *network, {slot}));
        QVERIFY2(after, after ? "" : after.error().text().c_str());
        const SlotQuantizer &relu = *after->layer("relu")->slot("act");
        QCOMPARE(relu.quantizer->scale, network->layer("relu")->slot("act")->quantizer->scale);
        QVERIFY(!relu.assumed);
        QVERIFY(findRule(*after, "keys-before-0.6") == nullptr);
    }

    /// A learned weight threshold of that time: the logarithm, over the full range.
    void storedWeights()
    {
        const auto network = recovered({weight("c", {4, 4}), {"relu" + kProxy + "scaling_impl.learned_value", {}, {0}},
                                           weightKey("c", "scaling_impl.learned_value", {}, {-1})},
            "");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("c")->slot("weight");
        QVERIFY(slot.quantizer && slot.quantizer->scale);
        QCOMPARE(slot.quantizer->scale->values[0], 0.5f / 128);
        QVERIFY(slot.presetAssumed);
        QVERIFY(
            originOf(slot, "scale").find("weight_quant.tensor_quant.scaling_impl.learned_value") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestOldKeys)
#include "tst_old_keys.moc"
