// The model has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/spec.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "network/network.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <QtTest>

using namespace quantscope;

class TestRecipe : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void errors_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("says");
        const auto row
            = [](const char *name, const char *text, QStringList says) { QTest::newRow(name) << text << says; };
        row("not TOML", "brevitas = \n", {"TOML", "line 1"});
        row("unknown key at the top", "version = 1\n", {"\"version\"", "known are brevitas, layer, quantizer, proof"});
        row("an older version", "brevitas = \"0.5.1\"\n",
            {"brevitas = \"0.5.1\" is older than the versions that are known, from 0.6.0 on: write brevitas = "
             "\"0.6.0\", whose rules come nearest; keys that older versions wrote are read by their names"});
        row("no version", "brevitas = \"new\"\n",
            {"brevitas = \"new\" is not a version of Brevitas from 0.6.0 on, such as \"0.12.1\""});
        row("unknown preset", "[[quantizer]]\npreset = \"Int8WeightPerTensorFixdPoint\"\n",
            {"Int8WeightPerTensorFixdPoint", "did you mean \"Int8WeightPerTensorFixedPoint\"", "line 2"});
        row("unknown override", "[[quantizer]]\nmatch = \"*\"\nbitwidth = 4\n",
            {"\"bitwidth\"", "did you mean \"bit_width\"", "line 3"});
        row("slot prefix", "[[quantizer]]\nweight_bit_width = 4\n", {"did you mean \"bit_width\"", "weight_bit_width"});
        row("unknown slot", "[[quantizer]]\nslot = \"weights\"\n", {"did you mean \"weight\""});
        row("preset in the wrong slot", "[[quantizer]]\nslot = \"bias\"\npreset = \"Int8WeightPerTensorFloat\"\n",
            {"weight preset", "\"bias\""});
        row("layer key", "[[layer]]\ngroup = 2\n", {"did you mean \"groups\""});
        row("misspelt kind", "[[layer]]\nkind = \"ConvTranpose2d\"\n", {"did you mean \"ConvTranspose2d\"", "line 2"});
        row("negative version", "brevitas = \"-0.10.2\"\n", {"from 0.6.0 on"});
        row("word that is near nothing", "[[quantizer]]\npreset = \"xyz\"\n",
            {"\"xyz\" is not a preset of Brevitas; the nearest known is"});
        for (const char *scale : {"0", "-1.0", "nan", "inf", "1e300", "1e-60"})
            QTest::addRow("input_scale = %s", scale)
                << QString("[[quantizer]]\ninput_scale = %1\n").arg(scale) << QStringList{"input_scale", "positive"};
        for (const char *width : {"nan", "-3", "1e300", "64", "2.5", "0"})
            QTest::addRow("input_bit_width = %s", width) << QString("[[quantizer]]\ninput_bit_width = %1\n").arg(width)
                                                         << QStringList{"input_bit_width", "whole number from 1 to 32"};
        row("groups", "[[layer]]\ngroups = 0\n", {"whole number"});
        row("a table instead of a list", "[quantizer]\nslot = \"weight\"\n", {"[[quantizer]]"});
        row("assumed in quotes", "[[quantizer]]\nassumed = \"true\"\n", {"assumed must be true or false", "line 2"});
        row("misspelt assumed", "[[quantizer]]\nassume = true\n", {"did you mean \"assumed\""});
        row("no class", "[[quantizer]]\nown_class = \"\"\n", {"own_class is empty"});
        row("a scale shared with nobody", "[[quantizer]]\nscale_shared_with = 3\n",
            {"scale_shared_with must be a text"});
        row("a scale shared in two ways", "\n[[quantizer]]\nscale_shared_with = \"a\"\nthreshold_shared_with = \"a\"\n",
            {"exclude each other", "line 2"});
        row("checks as a list", "[[checks]]\nmute = []\n", {"[checks]", "line 1"});
        row("misspelt mute", "[checks]\nmuted = [\"zero-point\"]\n", {"did you mean \"mute\"", "line 2"});
        row("one mute as a text", "[checks]\nmute = \"zero-point\"\n", {"mute must be a list of texts", "line 2"});
        row("an empty mute", "[checks]\nmute = [\"\"]\n", {"mute[0] is empty"});
        row("a number among mutes", "[checks]\nmute = [\"a\", 3]\n", {"mute[1] must be a text"});
        row("text where a number belongs", "[[quantizer]]\ninput_scale = \"big\"\n", {"input_scale", "number"});
    }

    void errors()
    {
        QFETCH(QString, text);
        QFETCH(QStringList, says);
        test::verifyRefused(text, says);
    }

    void values_data()
    {
        QTest::addColumn<QString>("override_");
        QTest::addColumn<QString>("says");
        QTest::newRow("bit width 0") << "bit_width = 0"
                                     << "from 1 to 32";
        QTest::newRow("bit width 3.5") << "bit_width = 3.5"
                                       << "whole number";
        QTest::newRow("restriction") << "restrict_scaling_type = \"POWER_OF_TOW\""
                                     << "did you mean \"power_of_two\"";
        QTest::newRow("narrow") << "narrow_range = 1"
                                << "neither true nor false";
        QTest::newRow("bit width's kind") << "bit_width_impl_type = \"paramter\""
                                          << "did you mean \"parameter\"";
        QTest::newRow("infinite constant") << "scaling_impl_type = \"const\"\nscaling_const = 1e39"
                                           << "beyond the numbers of float32";
        QTest::newRow("percentile") << "high_percentile_q = -5"
                                    << "between 0 and 100";
        QTest::newRow("affine shift") << "affine_shift_scale = \"maybe\""
                                      << "neither true nor false";
        QTest::newRow("rounding") << "float_to_int_impl_type = \"nearest\""
                                  << "is unknown";
        const auto row = [](const char *keywords, const char *says) {
            QTest::newRow(qPrintable(QString(keywords).simplified())) << keywords << says;
        };
        row("preset = \"binary\"\nbit_width = 4",
            "(entry 2, line 5): bit_width has no effect on binary: it takes no keyword");
        row("preset = \"ap_fixed<6,0>\"\nnarrow_range = true",
            "has no effect on ap_fixed<6,0>: it takes bit_width alone");
        row("preset = \"torch_per_channel_affine\"\nsigned = true", "it takes bit_width and axis alone");
        row("preset = \"Fp8e4m3WeightPerTensorFloat\"\nbit_width = 4", "bit_width = 4 does not fit");
        row("preset = \"Fp8e4m3Weight\"\nsigned = false", "signed = false does not fit");
        row("axis = 1", "(entry 2, line 5): axis has no effect on Int8WeightPerTensorFloat");
        row("mse_iters = \"x\"", "mse_iters = x is not a number");
        row("collect_stats_steps = -1", "collect_stats_steps = -1 is not a whole number from 0");
        row("learned_round_impl_type = \"hardsigmoid\"", "did you mean \"hard_sigmoid\"");
        row("mse_search_method = \"girds\"", "known are fibonacci, grid");
        row("override_pretrained_bit_width = 1", "neither true nor false");
        row("scaling_const = 0", "scaling_const gives a threshold of 0, which is not positive");
        row("scaling_const = -0.1", "(entry 2, line 5): scaling_const gives a threshold of -0.1");
        row("scaling_const = nan", "scaling_const = nan is not finite");
        row("scaling_const = inf", "scaling_const = inf is not finite");
        row("scaling_impl_type = \"const\"\nscaling_init = -3.0", "scaling_init gives a threshold of -3");
    }

    void versions_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QString>("since"); ///< empty: it is there
        QTest::newRow("per channel") << "0.6.0"
                                     << "weight"
                                     << "Int8WeightPerChannelFloat"
                                     << "0.8.0";
        QTest::newRow("per channel, there") << "0.8.0"
                                            << "weight"
                                            << "Int8WeightPerChannelFloat"
                                            << "";
        QTest::newRow("wide bias") << "0.6.0"
                                   << "bias"
                                   << "Int32Bias"
                                   << "0.7.0";
        QTest::newRow("minifloat") << "0.9.1"
                                   << "weight"
                                   << "Fp8e4m3Weight"
                                   << "0.10.0";
        QTest::newRow("searched") << "0.9.1"
                                  << "weight"
                                  << "Int8WeightPerTensorFixedPointMSE"
                                  << "0.10.0";
        QTest::newRow("zero-centred") << "0.10.0"
                                      << "weight"
                                      << "Int8AccumulatorAwareZeroCenterWeightQuant"
                                      << "0.10.1";
        QTest::newRow("a build of a version") << "0.10.2.dev1"
                                              << "weight"
                                              << "Int8WeightPerTensorFixedPointMSE"
                                              << "";
        const QString weight = "Int8WeightPerTensorFloat\"\n";
        QTest::newRow("word") << "0.8.0"
                              << "weight" << weight + "bit_width_impl_type = \"stateful_const"
                              << "0.9.0";
        QTest::newRow("word of statistics") << "0.7.1"
                                            << "weight" << weight + "scaling_stats_op = \"percentile_interval"
                                            << "0.8.0";
        QTest::newRow("word that nobody reads")
            << "0.7.1"
            << "weight" << weight + "scaling_stats_op = \"percentile_interval\"\nscaling_impl_type = \"he"
            << "";
        QTest::newRow("accumulator's width") << "0.12.1"
                                             << "bias"
                                             << "IntBias"
                                             << "bit_width";
    }

    void versions()
    {
        QFETCH(QString, version);
        QFETCH(QString, slot);
        QFETCH(QString, preset);
        QFETCH(QString, since);
        const QString text = QString("brevitas = \"%1\"\n[[quantizer]]\nmatch = \"fc1\"\nslot = \"%2\"\npreset = "
                                     "\"%3\"\n")
                                 .arg(version, slot, preset);
        const auto recipe = parseRecipe(text.toStdString(), "r.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")), *recipe);
        QCOMPARE(network.has_value(), since.isEmpty());
        if (!network)
            QVERIFY2(QString::fromStdString(network.error().text()).contains(since), network.error().text().c_str());
    }

    /// A value that cannot be is an error of the recipe, found when it meets a layer.
    void values()
    {
        QFETCH(QString, override_);
        QFETCH(QString, says);
        const auto recipe
            = parseRecipe(("[[quantizer]]\nmatch = \"fc1\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n"
                           "[[quantizer]]\nmatch = \"fc1\"\nslot = \"weight\"\n"
                              + override_ + "\n")
                              .toStdString(),
                "r.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")), *recipe);
        QVERIFY(!network);
        QCOMPARE(network.error().kind, ErrorKind::Usage);
        QVERIFY2(QString::fromStdString(network.error().text()).contains(says), network.error().text().c_str());
        QVERIFY(QString::fromStdString(network.error().text()).contains("fc1"));
    }

    /// What Brevitas takes and leaves unused, and what is meant for other layers too, is said and changes nothing.
    void keywordsWithoutEffect_data()
    {
        QTest::addColumn<QString>("first");
        QTest::addColumn<QString>("second");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *name, const char *first, const char *second, const char *says) {
            QTest::newRow(name) << first << second << says;
        };
        row("a wildcard behind a lab name", "match = \"fc1\"\npreset = \"binary\"", "bit_width = 5",
            "fc1 weight: bit_width has no effect on binary: it takes no keyword");
        row("an axis for all", "match = \"*\"\npreset = \"Int8WeightPerTensorFloat\"", "axis = 0",
            "fc1 weight: axis has no effect on Int8WeightPerTensorFloat");
        row("two levels", "match = \"fc1\"\npreset = \"SignedBinaryWeightPerTensorConst\"\nbit_width = 4", "",
            "fc1 weight: bit_width = 4 has no effect here");
        row("two levels by type", "match = \"fc1\"\npreset = \"Int8WeightPerTensorFloat\"\nquant_type = \"binary\"",
            "bit_width = 5", "fc1 weight: bit_width = 5 has no effect here");
        row("a minifloat's type", "match = \"fc1\"\npreset = \"Fp8e4m3Weight\"", "quant_type = \"binary\"",
            "fc1 weight: quant_type = binary has no effect here: Brevitas 0.10.2 does not read it for Fp8e4m3Weight");
        row("a keyword to come", "match = \"fc1\"\npreset = \"Int8WeightPerTensorFloat\"",
            "scaling_per_output_type = \"channel\"",
            "fc1 weight: scaling_per_output_type = channel has no effect here");
        row("a threshold without three levels", "match = \"fc1\"\npreset = \"Int8WeightPerTensorFloat\"",
            "threshold = 0.3", "fc1 weight: threshold = 0.3 has no effect here");
        row("no accumulator", "match = \"fc1\"\npreset = \"Int8WeightPerTensorFloat\"", "accumulator_bit_width = 16",
            "fc1 weight: accumulator_bit_width = 16 has no effect here");
        row("a weight's limits", "match = \"fc1\"\npreset = \"Int8WeightPerTensorFloat\"", "max_val = 0.5",
            "fc1 weight: max_val = 0.5 has no effect here");
        row("the width that it has", "match = \"fc1\"\npreset = \"SignedBinaryWeightPerTensorConst\"\nbit_width = 1",
            "", "");
        row("a width that it takes", "match = \"fc1\"\npreset = \"ap_fixed<6,0>\"", "bit_width = 5", "");
    }

    void keywordsWithoutEffect()
    {
        QFETCH(QString, first);
        QFETCH(QString, second);
        QFETCH(QString, says);
        const auto file = *openModel(test::sample("digits_fixed.pt"));
        const auto of
            = [&](const QString &text) { return recoverQuantizers(file, *parseRecipe(text.toStdString(), "r.toml")); };
        const QString start = "[[quantizer]]\nslot = \"weight\"\n" + first;
        const auto network = of(start + "\n[[quantizer]]\n" + second + "\n");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const bool said
            = std::any_of(network->diagnostics.begin(), network->diagnostics.end(), [&](const Diagnostic &d) {
                  return d.rule == "keyword-without-effect" && subjectName(*network, d.subject) == "fc1"
                      && QString::fromStdString(d.text).startsWith(says);
              });
        QCOMPARE(said, !says.isEmpty());
        if (said)
            QCOMPARE(
                network->layer("fc1")->slot("weight")->quantizer, of(start)->layer("fc1")->slot("weight")->quantizer);
    }

    void references_data()
    {
        QTest::addColumn<QString>("entry");
        QTest::addColumn<QString>("says");
        QTest::newRow("input names no layer")
            << "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"quant_imp\""
            << "did you mean \"quant_inp\"";
        QTest::newRow("input without an output")
            << "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"conv2\""
            << "no slot act or output";
        QTest::newRow("input of a misspelt slot")
            << "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"quant_inp:atc\""
            << "no slot atc; did you mean \"act\"";
        QTest::newRow("input that is a weight")
            << "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"conv1:weight\""
            << "is a weight";
        QTest::newRow("shared with nobody") << "match = \"conv1\"\nslot = \"weight\"\nshared_with = \"conv3\""
                                            << "names no layer";
        QTest::newRow("place of a reference")
            << "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"conv2\""
            << "(entry 1, line 1)";
        QTest::newRow("place of a value")
            << "match = \"conv1\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n[[quantizer]]\nmatch = "
               "\"conv1\"\nslot = \"weight\"\nrestrict_scaling_type = \"POWR_OF_TWO\""
            << "conv1 weight (entry 2, line 5): restrict_scaling_type";
        QTest::newRow("batch norm that is not there")
            << "match = \"conv1\"\n[[layer]]\nmatch = \"conv1\"\nbatch_norm = \"bn1\""
            << "(line 3): the file has no batch norm";
        QTest::newRow("batch norm of every layer") << "match = \"conv1\"\n[[layer]]\nbatch_norm = \"bn1\""
                                                   << "batch_norm = \"bn1\" (line 3) needs match to name one layer";
        QTest::newRow("shared with itself") << "match = \"conv1\"\nslot = \"weight\"\nshared_with = \"conv1\""
                                            << "itself";
    }

    void references()
    {
        QFETCH(QString, entry);
        QFETCH(QString, says);
        const auto recipe = parseRecipe(("[[quantizer]]\n" + entry + "\n").toStdString(), "r.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")), *recipe);
        QVERIFY(!network);
        QCOMPARE(network.error().kind, ErrorKind::Usage);
        QVERIFY2(QString::fromStdString(network.error().text()).contains(says), network.error().text().c_str());
    }

    /// preset replaces, everything else merges, later wins; * crosses dots.
    void merging()
    {
        const auto recipe = parseRecipe(
            "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\nbit_width = 5\n"
            "[[quantizer]]\nmatch = \"block.*\"\nslot = \"weight\"\nnarrow_range = false\n"
            "[[quantizer]]\nmatch = \"block.0.conv\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFixedPoint\"\n"
            "[[quantizer]]\nmatch = \"*conv\"\nbit_width = 3\n",
            "r.toml");
        QVERIFY(recipe);
        const SlotSettings plain = settingsFor(*recipe, "fc", Slot::Weight);
        QCOMPARE(plain.preset, std::string("Int8WeightPerTensorFloat"));
        QCOMPARE(plain.value("bit_width"), std::optional<std::string>("5"));
        const SlotSettings merged = settingsFor(*recipe, "block.1.fc", Slot::Weight);
        QCOMPARE(merged.value("bit_width"), std::optional<std::string>("5"));
        QCOMPARE(merged.value("narrow_range"), std::optional<std::string>("false"));
        const SlotSettings replaced = settingsFor(*recipe, "block.0.conv", Slot::Weight);
        QCOMPARE(replaced.preset, std::string("Int8WeightPerTensorFixedPoint"));
        QCOMPARE(replaced.value("narrow_range"), std::nullopt);
        QCOMPARE(replaced.value("bit_width"), std::optional<std::string>("3"));
        QCOMPARE(settingsFor(*recipe, "fc", Slot::Weight, false).preset,
            std::string()); // batch norm: no wildcard reaches it
    }

    /// A preset without a slot speaks of the slots that can have it.
    void presetsWithoutSlot()
    {
        for (const auto &[preset, slot, reached] :
            {std::tuple{"binary", Slot::Act, false}, {"binary", Slot::Weight, true}, {"Int16Bias", Slot::Weight, false},
                {"Int16Bias", Slot::Bias, true}, {"Uint8ActPerTensorFloat", Slot::Output, true}}) {
            RecipeQuantizer entry;
            entry.preset = preset;
            QCOMPARE(speaksOf(entry, "conv1", slot), reached);
        }
    }

    /// Without a recipe the stored activations are read and the weights proposed, both marked.
    void assumedWithoutRecipe()
    {
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")));
        QVERIFY(network);
        const SlotQuantizer *weight = network->layer("conv2")->slot("weight");
        QVERIFY(weight->assumed);
        QVERIFY(weight->quantizer->isComplete());
        QCOMPARE(weight->quantizer->origin.at("bit_width").origin, Origin::Assumed);
        QVERIFY(!weight->alternatives.empty());
        QVERIFY(!network->layer("conv2")->slot("bias")->quantizer); // Brevitas' default: a float bias
        const SlotQuantizer *act = network->layer("relu1")->slot("act");
        QVERIFY(act->assumed);
        QCOMPARE(act->quantizer->origin.at("scale").origin, Origin::Read);
        QCOMPARE(act->quantizer->isSigned, std::optional(false)); // 'relu' in its name
        QVERIFY(std::any_of(network->diagnostics.begin(), network->diagnostics.end(),
            [](const Diagnostic &d) { return d.rule == "preset-assumed"; }));
    }

    void otherPrecisionIsSaid()
    {
        const auto said = [](const char *name) {
            const auto network = recoverQuantizers(*openModel(test::data(name)));
            return std::any_of(network->diagnostics.begin(), network->diagnostics.end(),
                [](const Diagnostic &d) { return d.rule == "precision-converted"; });
        };
        QVERIFY(said("brevitas/0.10.2/mlp_mixed.half.pt"));
        QVERIFY(!said("brevitas/0.10.2/mlp_mixed.pt"));
    }

    void externalBiasWithoutInputSaysSo()
    {
        const auto recipe
            = parseRecipe("[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\n", "r.toml");
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")), *recipe);
        QVERIFY(network);
        const SlotQuantizer *bias = network->layer("conv1")->slot("bias");
        QVERIFY(bias->quantizer && !bias->quantizer->scale); // its bits are known, its scale is not invented
        QCOMPARE(bias->quantizer->bitWidth, std::optional(16));
        QVERIFY(std::any_of(network->diagnostics.begin(), network->diagnostics.end(), [&](const Diagnostic &d) {
            return d.rule == "input-unknown" && d.severity == Severity::Error
                && d.subject == Subject(network->layer("conv1")->id, Slot::Bias);
        }));
    }
};

QTEST_GUILESS_MAIN(TestRecipe)
#include "tst_recipe.moc"
