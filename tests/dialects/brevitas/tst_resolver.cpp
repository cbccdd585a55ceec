// The network has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "quant/code_reader.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

class TestResolver : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void restsOnAssumptions_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("field");
        const auto row = [](const char *name, const std::string &recipe, const char *layer, const char *slot,
                             const char *field = "scale") {
            QTest::newRow(name) << QString::fromStdString(recipe) << layer << slot << field;
        };
        const std::string act = preset("relu", "act", "Uint8ActPerTensorFloat");
        row("a bias over an assumed weight", act + entry("fc", "bias", "preset = \"Int16Bias\"\ninput = \"relu\""),
            "fc", "bias");
        row("the width of a bias over an assumed weight",
            act + entry("fc", "bias", "preset = \"IntBias\"\ninput = \"relu\""), "fc", "bias", "bit_width");
        row("a sharer of an assumed owner", act + entry("fc2", "weight", "shared_with = \"fc\""), "fc2", "weight",
            "bit_width");
        row("a truncation of an assumed input", entry("pool", "trunc", "preset = \"TruncTo8bit\"\ninput = \"relu\""),
            "pool", "trunc");
        row("an accumulator bound by an assumed input",
            entry("a2q", "weight", "preset = \"Int8AccumulatorAwareWeightQuant\"\ninput = \"relu\""), "a2q", "weight");
    }

    void restsOnAssumptions()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(QString, field);
        const auto network
            = recovered({weight("fc", {4, 4}), {"fc.bias", {4}, ramp(4)}, weight("fc2", {4, 4}), weight("a2q", {2, 4}),
                            weightKey("a2q", "scaling_impl.value", {2, 1}, {0, 0}),
                            weightKey("a2q", "pre_scaling_impl.value", {2, 1}, {0, 0}),
                            weightKey("a2q", "pre_scaling_impl.accumulator_bit_width.bit_width", {}, {16}),
                            actKey("relu", "scaling_impl.value", {}, {4})},
                recipe.toStdString());
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &found = *network->layer(layer.toStdString())->slot(slot.toStdString());
        QVERIFY(found.quantizer && found.quantizer->scale);
        QVERIFY(found.assumed);
        QCOMPARE(found.quantizer->origin.at(field.toStdString()).origin, Origin::Assumed);
    }

    void sharing_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("says"); ///< of the error, or rule of the diagnostic; empty: none
        QTest::addColumn<bool>("isError");
        const std::string weights = preset("c*", "weight", "Int8WeightPerTensorFloat");
        const auto row = [](const char *name, const std::string &recipe, const char *says, bool isError = false) {
            QTest::newRow(name) << QString::fromStdString(recipe) << says << isError;
        };
        row("an activation of a weight", weights + entry("relu1", "act", "shared_with = \"c1:weight\""),
            "cannot share the quantizer of c1 weight", true);
        row("a weight of an activation", entry("c1", "weight", "shared_with = \"relu1\""), "no slot weight", true);
        row("a misspelt slot", entry("c2", "weight", "shared_with = \"c1:wieght\""), "did you mean \"weight\"", true);
        std::string chain = weights, inputs = weights;
        for (int i = 0; i < 300; ++i) {
            const std::string name = "a" + std::to_string(i), next = "a" + std::to_string(i + 1);
            chain += i == 299 ? preset(name, "act", "Int8ActPerTensorFloat")
                              : entry(name, "act", "shared_with = \"" + next + "\"");
            inputs += i == 299
                ? preset(name, "act", "Int8ActPerTensorFloat")
                : entry(name, "trunc", "preset = \"TruncTo8bit\"\ninput = \"" + next + (i == 298 ? "\"" : ":trunc\""));
        }
        row("a long chain of sharers", chain, "");
        row("a long chain of inputs", inputs, "chain of more than 256", true);
        row("two thresholds of one object", entry("relu2", "act", "shared_with = \"relu1\""), "shared-values-differ");
        row("a keyword behind it",
            weights + entry("c2", "weight", "shared_with = \"c1\"") + entry("c2", "weight", "bit_width = 3"),
            "shared-keyword-ignored");
        row("channels that differ",
            preset("c1", "weight", "Int8WeightPerChannelFloat") + entry("c3", "weight", "shared_with = \"c1\""),
            "shared-channel-count");
        row("a wildcard that reaches the owner", weights + entry("c?", "weight", "shared_with = \"c1\""), "");
        row("a candidate of fixed scale",
            preset("c1", "weight", "ap_fixed<6,1>") + entry("c2", "weight", "shared_with = \"c1\""), "");
        row("a candidate of its own statistics",
            preset("c1", "weight", "binary") + entry("c2", "weight", "shared_with = \"c1\""), "shared-statistics");
    }

    void sharing()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, says);
        QFETCH(bool, isError);
        const auto network = recovered(
            {weight("c1", {4, 4}), weight("c2", {4, 4}), weight("c3", {2, 4}),
                actKey("relu1", "scaling_impl.value", {}, {4}), actKey("relu2", "scaling_impl.value", {}, {8})},
            recipe.toStdString());
        QCOMPARE(!network, isError);
        if (isError) {
            QVERIFY2(QString::fromStdString(network.error().text()).contains(says), network.error().text().c_str());
            return;
        }
        for (const char *rule :
            {"shared-values-differ", "shared-keyword-ignored", "shared-channel-count", "shared-statistics"})
            QCOMPARE(findRule(*network, rule) != nullptr, says == rule);
        if (says.isEmpty())
            QVERIFY(network->layer("c2")->slot("weight")->quantizer->scale
                == network->layer("c1")->slot("weight")->quantizer->scale);
    }

    /// An edit that ends sharing computes the former owner again: its statistics were over both.
    void sharingThatEnds()
    {
        const auto file = stateFile({{"c1.weight", {1, 2}, {0.5f, 0.25f}}, {"c2.weight", {1, 2}, {2.0f, 1.0f}}});
        const std::string owner = preset("c1", "weight", "Int8WeightPerTensorFloat");
        const auto shared
            = recoverQuantizers(file, *parseRecipe(owner + entry("c2", "weight", "shared_with = \"c1\""), "r.toml"));
        QVERIFY(shared);
        const auto alone = recoverQuantizers(file, *parseRecipe(owner, "r.toml"), {}, {nullptr, &*shared});
        QVERIFY(alone);
        QCOMPARE(shared->layer("c1")->slot("weight")->quantizer->scale->values, std::vector<float>{2.0f / 127});
        QCOMPARE(alone->layer("c1")->slot("weight")->quantizer->scale->values, std::vector<float>{0.5f / 127});
    }

    void bitWidths_data()
    {
        QTest::addColumn<QString>("keys");
        QTest::addColumn<int>("bits"); ///< 0: an error
        QTest::addColumn<QString>("rule");
        QTest::newRow("read") << "" << 5 << "";
        QTest::newRow("read, as Brevitas writes it") << "bit_width = 4\nbit_width_impl_type = \"parameter\"" << 5 << "";
        QTest::newRow("the recipe's own") << "bit_width = 4" << 4 << "stored-bit-width-unused";
        QTest::newRow("constant") << "bit_width_impl_type = \"const\"" << 8 << "stored-bit-width-unused";
        QTest::newRow("binary") << "quant_type = \"binary\"\nbit_width = 4" << 1 << "";
        QTest::newRow("ternary") << "quant_type = \"ternary\"\nbit_width = 4" << 2 << "";
    }

    void bitWidths()
    {
        QFETCH(QString, keys);
        QFETCH(int, bits);
        QFETCH(QString, rule);
        const auto network
            = recovered({weight("fc", {4, 4}), weightKey("fc", "msb_clamp_bit_width_impl.bit_width_offset", {}, {3})},
                entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\n" + keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(network->layer("fc")->slot("weight")->quantizer->bitWidth, std::optional(bits));
        QCOMPARE(findRule(*network, "stored-bit-width-unused") != nullptr, rule == "stored-bit-width-unused");
    }

    /// A largest |w| of exactly 0.1 is a binary preset's clamp, unless the recipe's keywords are not for two levels.
    void binaryProposals_data()
    {
        QTest::addColumn<QString>("keywords");
        QTest::addColumn<int>("bits");
        QTest::newRow("nothing said") << "" << 1;
        QTest::newRow("its width") << "bit_width = 1" << 1;
        QTest::newRow("another width") << "bit_width = 5" << 5;
        QTest::newRow("limits, which only activations know") << "min_val = 0\nmax_val = 0" << 1;
    }

    void binaryProposals()
    {
        QFETCH(QString, keywords);
        QFETCH(int, bits);
        const auto network
            = recovered({{"fc.weight", {2, 2}, {0.1f, -0.05f, 0.02f, -0.1f}}}, entry("*", "", keywords.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Quantizer &found = *network->layer("fc")->slot("weight")->quantizer;
        QCOMPARE(found.bitWidth, std::optional(bits));
        QCOMPARE(found.origin.at("bit_width").origin, bits == 5 ? Origin::Recipe : Origin::Assumed);
    }

    void proposals_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<std::vector<float>>("values");
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("proposal"); ///< empty: none fits
        QTest::newRow("a threshold") << Shape{} << std::vector<float>{2.6f} << "0.10.2"
                                     << "Int8WeightPerTensorFloatMSE";
        QTest::newRow("a logarithm") << Shape{} << std::vector<float>{-2.6f} << "0.10.2"
                                     << "Int8WeightPerTensorFixedPointMSE";
        QTest::newRow("before the searched ones") << Shape{} << std::vector<float>{2.6f} << "0.9.1"
                                                  << "Int4WeightPerTensorFloatDecoupled";
        QTest::newRow("logarithms per channel") << Shape{4, 1} << std::vector<float>{-1, -2, -3, -4} << "0.12.1"
                                                << "Int8WeightPerChannelFixedPointMSE";
        QTest::newRow("logarithms per channel, before 0.12")
            << Shape{4, 1} << std::vector<float>{-1, -2, -3, -4} << "0.10.2"
            << "";
    }

    void proposals()
    {
        QFETCH(Shape, shape);
        QFETCH(std::vector<float>, values);
        QFETCH(QString, version);
        QFETCH(QString, proposal);
        const auto network = recovered({weight("fc", {4, 4}), weightKey("fc", "scaling_impl.value", shape, values)},
            "brevitas = \"" + version.toStdString() + "\"\n");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(QString::fromStdString(network->layer("fc")->slot("weight")->preset), proposal);
        QCOMPARE(findRule(*network, "preset-unknown") != nullptr, proposal.isEmpty());
    }

    void keysThatTheRecipeExpects_data()
    {
        QTest::addColumn<QString>("keys");
        QTest::newRow("bit width") << "bit_width_impl_type = \"parameter\"";
        QTest::newRow("stateful bit width") << "bit_width_impl_type = \"stateful_const\"";
        QTest::newRow("affine factor") << "scaling_impl_type = \"affine_stats\"";
    }

    void keysThatTheRecipeExpects()
    {
        QFETCH(QString, keys);
        const auto network = recovered({weight("fc", {4, 4})},
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\n" + keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QVERIFY(findRule(*network, "key-missing") != nullptr);
        QVERIFY(!network->layer("fc")->slot("weight")->quantizer);
    }

    /// The zero point of a shifted weight follows from its minimum, wherever its scale comes from:
    /// weights -1 .. 0.875 in eighths; zp = round(1 / scale).
    void shiftedZeroPoints_data()
    {
        QTest::addColumn<QString>("keys");
        QTest::addColumn<float>("zeroPoint");
        QTest::newRow("its own statistic") << "" << 136.0f; // scale 1.875 / 255
        QTest::newRow("another statistic")
            << "scaling_stats_op = \"max_ave\"" << 255.0f; // 1 / scale is 371, and clamped
        QTest::newRow("percentile") << "scaling_stats_op = \"percentile\"" << 255.0f;
        QTest::newRow("a constant") << "scaling_impl_type = \"const\"\nscaling_const = 2.55" << 100.0f;
        QTest::newRow("stored") << "scaling_impl_type = \"parameter\"" << 50.0f;
        QTest::newRow("two levels have none") << "quant_type = \"binary\"" << 0.0f;
    }

    void shiftedZeroPoints()
    {
        QFETCH(QString, keys);
        QFETCH(float, zeroPoint);
        const auto network = recovered({weight("fc", {4, 4}), weightKey("fc", "scaling_impl.value", {}, {5.1f})},
            entry("fc", "weight", "preset = \"ShiftedUint8WeightPerTensorFloat\"\n" + keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("fc")->slot("weight");
        QVERIFY2(slot.quantizer, network->diagnostics.front().text.c_str());
        QCOMPARE(slot.quantizer->zeroPoint->values, std::vector<float>{zeroPoint});
    }

    void threeLevels_data()
    {
        QTest::addColumn<QString>("keys");
        QTest::addColumn<float>("scale");
        QTest::addColumn<std::vector<std::int64_t>>("codes");
        // core/quant/ternary.py: scale is the threshold itself, and the level is sign(x) where |x| > 0.5 scale.
        QTest::newRow("float") << "" << 0.75f << std::vector<std::int64_t>{-1, 0, 0, 1};
        QTest::newRow("power of two") << "restrict_scaling_type = \"power_of_two\"" << 1.0f
                                      << std::vector<std::int64_t>{-1, 0, 0, 0};
        QTest::newRow("whatever the range")
            << "narrow_range = false\nsigned = false" << 0.75f << std::vector<std::int64_t>{-1, 0, 0, 1};
        QTest::newRow("its own threshold") << "threshold = 0.1" << 0.75f << std::vector<std::int64_t>{-1, 0, 1, 1};
    }

    void threeLevels()
    {
        QFETCH(QString, keys);
        QFETCH(float, scale);
        QFETCH(std::vector<std::int64_t>, codes);
        const auto network = recovered({{"fc.weight", {2, 2}, {-0.75f, 0.0f, 0.25f, 0.5f}}},
            entry("fc", "weight",
                "preset = \"Int8WeightPerTensorFloat\"\nquant_type = \"ternary\"\n" + keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("fc")->slot("weight");
        QCOMPARE(slot.quantizer->scale->values, std::vector<float>{scale});
        std::vector<std::int64_t> found(codes.size());
        CodeReader(slot).integers(0, found);
        QCOMPARE(found, codes);
    }

    /// quant_type = fp is Brevitas' word for no quantizer.
    void switchedOff()
    {
        const auto network = recovered({weight("fc", {4, 4})},
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nquant_type = \"FP\""));
        QVERIFY(network);
        QVERIFY(!network->layer("fc")->slot("weight")->quantizer);
        QVERIFY(std::none_of(network->diagnostics.begin(), network->diagnostics.end(),
            [](const Diagnostic &d) { return d.severity == Severity::Error; }));
    }

    void constantsAreTheRecipes()
    {
        const auto network = recovered({weight("fc", {4, 4})},
            entry("fc", "weight",
                "preset = \"Int8WeightPerTensorFloat\"\nscaling_impl_type = \"const\"\nscaling_const = 0.2"));
        QVERIFY(network);
        const Quantizer &q = *network->layer("fc")->slot("weight")->quantizer;
        QCOMPARE(q.scale->values, (std::vector<float>{0.2f / 127}));
        QCOMPARE(q.origin.at("scale").origin, Origin::Recipe);
    }

    /// Scales of live Brevitas 0.10.2 for weights of abs-max 1.
    void minifloatScales_data()
    {
        QTest::addColumn<QString>("keys");
        QTest::addColumn<float>("scale");
        const QString half = "\"\nscaling_impl_type = \"const\"\nscaling_const = 0.5";
        QTest::newRow("abs-max") << "Fp8e4m3WeightPerTensorFloat\"" << 1.0f / 480;
        QTest::newRow("a constant") << "Fp8e4m3WeightPerTensorFloat" + half << 0.5f / 480;
        QTest::newRow("no scale") << "Fp8e4m3Weight\"" << 1.0f;
        QTest::newRow("no scale, whatever is said") << "Fp8e4m3Weight" + half << 1.0f;
    }

    void minifloatScales()
    {
        QFETCH(QString, keys);
        QFETCH(float, scale);
        const auto network
            = recovered({weight("fc", {4, 4})}, entry("fc", "weight", "preset = \"" + keys.toStdString()));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(network->layer("fc")->slot("weight")->quantizer->scale->values, std::vector<float>{scale});
    }

    /// Keywords for everything reach the quantizers that there are, not biases and layer norms that have none.
    void keywordsForEverySlot()
    {
        const auto network = recovered(
            {weight("fc", {4, 4}), {"fc.bias", {4}, ramp(4)}, weight("norm", {4})}, entry("*", "", "bit_width = 4"));
        QVERIFY(network);
        QCOMPARE(network->layer("fc")->slot("weight")->quantizer->bitWidth, std::optional(4));
        QVERIFY(!network->layer("fc")->slot("bias")->quantizer);
        QVERIFY(!network->layer("norm")->slot("weight")->quantizer);
        QVERIFY(std::none_of(network->diagnostics.begin(), network->diagnostics.end(),
            [](const Diagnostic &d) { return d.severity == Severity::Error; }));
    }

    void wildcardsOverVectors()
    {
        const auto weights = {weight("fc", {4, 4}), weight("norm", {4})};
        const auto all = recovered(weights, preset("*", "weight", "Int8WeightPerTensorFloat"));
        QVERIFY(all && findRule(*all, "vector-quantized") != nullptr);
        QCOMPARE(findRule(*all, "vector-quantized")->severity, Severity::Note);
        const auto named = recovered(weights, preset("norm", "weight", "Int8WeightPerTensorFloat"));
        QVERIFY(named && findRule(*named, "vector-quantized") == nullptr);
    }

    void misspeltLayer()
    {
        const auto network = recovered(
            {actKey("relu1", "scaling_impl.value", {}, {4})}, preset("rleu1", "act", "Uint8ActPerTensorFloat"));
        QVERIFY(network);
        const Diagnostic *found = findRule(*network, "never-calibrated");
        QVERIFY(found != nullptr);
        QVERIFY2(QString::fromStdString(found->text).contains("not in the file; did you mean \"relu1\"?"),
            found->text.c_str());
    }

    void versionIsAssumedWithoutARecipe()
    {
        const auto brevitas = recoverQuantizers(stateFile({actKey("relu1", "scaling_impl.value", {}, {4})}));
        QVERIFY(brevitas && findRule(*brevitas, "version-assumed") != nullptr);
        const auto plain = recoverQuantizers(stateFile({weight("fc", {4, 4})}));
        QVERIFY(plain && findRule(*plain, "version-assumed") == nullptr);
    }

    /// A learned sigma is a parameter of the file; computing with the preset's would be silently wrong.
    void learnedSigmaIsSaid()
    {
        const auto network = recovered({weight("c", {2, 2})},
            entry("c", "weight", "preset = \"Int8WeightPerTensorFloat\"\nscaling_stats_op = \"MEAN_LEARN_SIGMA_STD\""));
        QVERIFY(network.has_value());
        QVERIFY(findRule(*network, "not-decoded-yet") != nullptr);
        QVERIFY(!network->layer("c")->slot("weight")->quantizer);
    }
};

QTEST_GUILESS_MAIN(TestResolver)
#include "tst_resolver.moc"
