// The network has members named `slots`.
#include "base/text.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "quant/code_hash.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/program.h"
#include "support/state_file.h"

#include <fstream>

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

std::string field(const std::string &name) { return data("field/" + name); }
nlohmann::json expected(const std::string &name) { return golden(field(name + ".expect.json")); }

std::string textOf(const std::string &path)
{
    const auto bytes = bytesOf(path);
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

Result<Network> under(const std::string &model, const std::string &recipe)
{
    const auto parsed = parseRecipe(recipe, "r.toml");
    if (!parsed)
        return tl::unexpected(parsed.error());
    return recoverQuantizers(*openModel(field(model)), *parsed);
}

/// Of fc's weight: the live model rounds down.
std::string floorProof()
{
    return fmt::format("[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\nbit_width = 8\nsigned = true\nscale = "
                       "[\"0x1.0000000000000p-7\"]\nzero_point = [\"0x0.0p+0\"]\ncodes_sha256_i32 = \"{}\"\n",
        expected("impl_class")["true_codes_sha256_i32"].get<std::string>());
}

std::string roundRecipe() { return textOf(field("impl_class.recipe.toml")); }

std::string floorRecipe()
{
    std::string recipe = roundRecipe();
    return recipe.replace(recipe.find("\"ROUND\""), 7, "\"FLOOR\"");
}

} // namespace

/// Recipes that prove themselves, and words as people write them.
class TestFieldWords : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A class of the user's own rounds down, and a recipe that was copied by hand says ROUND.
    void proofOfAClass()
    {
        const auto wrong = under("impl_class.pt", roundRecipe() + floorProof());
        QVERIFY2(wrong, wrong ? "" : wrong.error().text().c_str());
        const Diagnostic *differs = findRule(*wrong, "proof-differs");
        QVERIFY(differs != nullptr);
        QVERIFY2(QString::fromStdString(differs->text).contains("float_to_int_impl_type = \"FLOOR\""),
            differs->text.c_str());
        QVERIFY(wrong->layer("fc")->slot("weight")->assumed);
        const auto right = under("impl_class.pt", floorRecipe() + floorProof());
        QVERIFY(findRule(*right, "proof-differs") == nullptr);
        QCOMPARE(
            findRule(*right, "proof-confirmed")->text, std::string("recipe confirmed by the live model: 1 quantizer"));
        QCOMPARE(codesSha256(*right->layer("fc")->slot("weight")).value_or(""),
            expected("impl_class")["true_codes_sha256_i32"].get<std::string>());
    }

    /// Opening shows what is wrong; nothing wrong is exported.
    void exportOfWhatDiffers_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<int>("exported");
        QTest::newRow("a proof that differs") << QString::fromStdString(roundRecipe() + floorProof()) << 1;
        QTest::newRow("confirmed") << QString::fromStdString(floorRecipe() + floorProof()) << 0;
        QTest::newRow("without a proof") << QString::fromStdString(roundRecipe()) << 0;
        QTest::newRow("its own class") << QString::fromStdString(
            "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\nown_class = \"__main__.Floor\"\n" + floorProof())
                                       << 0;
    }
    void exportOfWhatDiffers()
    {
        QFETCH(QString, recipe);
        QFETCH(int, exported);
        const QTemporaryDir folder;
        const QString model = folder.filePath("impl_class.pt"), out = folder.filePath("out");
        QVERIFY(QFile::copy(QString::fromStdString(field("impl_class.pt")), model));
        std::ofstream(folder.filePath("impl_class.recipe.toml").toStdString()) << recipe.toStdString();
        QCOMPARE(runWith({"inspect", model}).status, 0);
        QCOMPARE(runWith({"export", model, "--out", out, "--format", "header"}).status, exported);
        QCOMPARE(QFile::exists(out + "/fc.h"), exported == 0);
    }

    /// Which of two readings of one storage holds: the live model says it.
    void proofOfOneStorage_data()
    {
        QTest::addColumn<QString>("proof"); ///< of relu's activation
        QTest::addColumn<bool>("settled");
        const QString head = "[[proof]]\nlayer = \"relu\"\nslot = \"act\"\nbit_width = 8\nsigned = false\n";
        QTest::newRow("none") << "" << false;
        QTest::newRow("bits alone") << head << false;
        QTest::newRow("all of it") << head + "scale = [\"0x1p-6\"]\nzero_point = [\"0x0p+0\"]\n" << true;
    }
    void proofOfOneStorage()
    {
        QFETCH(QString, proof);
        QFETCH(bool, settled);
        const auto network
            = under("shared_int_scaling.pt", textOf(field("shared_int_scaling.recipe.toml")) + proof.toStdString());
        const SlotQuantizer &relu = *network->layer("relu")->slot("act");
        QCOMPARE(relu.quantizer->scale->values[0], expected("shared_int_scaling")["relu_scale"].get<float>());
        QCOMPARE(relu.assumed, !settled);
        QCOMPARE(findRule(*network, "scale-shared") == nullptr, settled);
        QCOMPARE(network->layer("fc")->slot("bias")->assumed, !settled); // its scale follows
    }

    /// Classes made from the solvers of Brevitas carry every field as a keyword.
    void solver()
    {
        const nlohmann::json wanted = expected("solver");
        const auto network = under("solver.pt", textOf(field("solver.recipe.toml")));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("conv")->slot("weight");
        QVERIFY(slot.quantizer && !slot.assumed);
        QCOMPARE(slot.quantizer->bitWidth, std::optional(wanted["bit_width"].get<int>()));
        QCOMPARE(slot.quantizer->scale->values, std::vector<float>{wanted["scale"].get<float>()});
        QCOMPARE(codesSha256(slot).value_or(""), wanted["codes_sha256_i32"].get<std::string>());
        QVERIFY(findRule(*network, "keyword-missing") == nullptr);
    }

    /// Each solver says the same as the preset that it solves, given that preset's fields.
    void solversEqualPresets_data()
    {
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QString>("solver");
        const char *all = "bit_width = 8\nbit_width_impl_type = \"CONST\"\nquant_type = \"INT\"\n"
                          "float_to_int_impl_type = \"ROUND\"\nscaling_min_val = 1e-10\n";
        const auto row = [&](const char *slot, const char *preset, const QString &solver) {
            QTest::newRow(preset) << slot << preset << all + solver;
        };
        const QString weight = "preset = \"WeightQuantSolver\"\nsigned = true\nnarrow_range = true\n"
                               "scaling_impl_type = \"STATS\"\nscaling_stats_op = \"MAX\"\n";
        row("weight", "Int8WeightPerTensorFloat",
            weight + "restrict_scaling_type = \"FP\"\nscaling_per_output_channel = false");
        row("weight", "Int8WeightPerChannelFloat",
            weight + "restrict_scaling_type = \"FP\"\nscaling_per_output_channel = true");
        row("weight", "Int8WeightPerTensorFixedPoint",
            weight
                + "restrict_scaling_type = \"POWER_OF_TWO\"\nrestrict_value_float_to_int_impl = \"CeilSte\"\n"
                  "zero_point_impl = \"ZeroZeroPoint\"");
        row("bias", "Int8BiasPerTensorFixedPointInternalScaling",
            "preset = \"BiasQuantSolver\"\nsigned = true\nnarrow_range = false\nrequires_input_scale = false\n"
            "requires_input_bit_width = false\nscaling_impl_type = \"STATS\"\nscaling_stats_op = \"MAX\"\n"
            "restrict_scaling_type = \"POWER_OF_TWO\"\nrestrict_value_float_to_int_impl = \"CeilSte\"");
        row("bias", "Int8Bias",
            "preset = \"BiasQuantSolver\"\nsigned = true\nnarrow_range = false\nrequires_input_scale = true\n"
            "requires_input_bit_width = false\ninput = \"relu\"");
        row("act", "Uint8ActPerTensorFloat",
            "preset = \"ActQuantSolver\"\nsigned = false\nnarrow_range = false\n"
            "scaling_impl_type = \"PARAMETER_FROM_STATS\"\nscaling_stats_op = \"PERCENTILE\"\n"
            "high_percentile_q = 99.999\ncollect_stats_steps = 300\nrestrict_scaling_type = \"FP\"");
    }
    void solversEqualPresets()
    {
        QFETCH(QString, slot);
        QFETCH(QString, preset);
        QFETCH(QString, solver);
        const bool act = slot == "act";
        const std::vector<StateTensor> tensors
            = {weight("fc", {4, 4}), {"fc.bias", {4}, ramp(4)}, actKey("relu", "scaling_impl.value", {}, {3})};
        const std::string others = (act ? "" : test::preset("relu", "act", "Uint8ActPerTensorFloat"))
            + (slot == "weight" ? "" : test::preset("fc", "weight", "Int8WeightPerTensorFloat"));
        const auto of = [&](const std::string &keys) {
            return recovered(tensors, others + entry(act ? "relu" : "fc", slot.toStdString(), keys));
        };
        const auto plain
            = of("preset = \"" + preset.toStdString() + "\"" + (slot == "bias" ? "\ninput = \"relu\"" : ""));
        const auto solved = of(solver.toStdString());
        QVERIFY2(solved, solved ? "" : solved.error().text().c_str());
        const SlotQuantizer &one = *plain->layer(act ? "relu" : "fc")->slot(slot.toStdString());
        const SlotQuantizer &other = *solved->layer(act ? "relu" : "fc")->slot(slot.toStdString());
        QVERIFY(one.quantizer && other.quantizer && !other.assumed);
        QCOMPARE(other.quantizer->scale, one.quantizer->scale);
        QCOMPARE(other.quantizer->bitWidth, one.quantizer->bitWidth);
        QCOMPARE(other.quantizer->isSigned, one.quantizer->isSigned);
        QCOMPARE(other.quantizer->narrow, one.quantizer->narrow);
        if (!act)
            QCOMPARE(codesSha256(other), codesSha256(one));
    }

    /// What a solver is not told is not certain.
    void solverWithoutFields()
    {
        const auto network = recovered({weight("fc", {4, 4})},
            entry("fc", "weight", "preset = \"WeightQuantSolver\"\nquant_type = \"INT\"\nbit_width = 4"));
        const SlotQuantizer &slot = *network->layer("fc")->slot("weight");
        QVERIFY(slot.assumed && !slot.presetAssumed);
        QCOMPARE(slot.quantizer->origin.at("narrow").origin, Origin::Assumed);
        QCOMPARE(slot.quantizer->origin.at("scale").origin, Origin::Assumed);
        QCOMPARE(slot.quantizer->origin.at("bit_width").origin, Origin::Recipe);
        QVERIFY(QString::fromStdString(findRule(*network, "keyword-missing")->text).contains("signed, narrow_range"));
    }

    void prefixes_data()
    {
        QTest::addColumn<QString>("file"); ///< before every name, or before some
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<bool>("everywhere");
        for (const char *file : {"", "module.", "_orig_mod.", "module._orig_mod."})
            for (const char *recipe : {"", "module.", "_orig_mod.", "module._orig_mod."})
                for (const bool everywhere : {true, false})
                    QTest::addRow(
                        "'%s' in the file%s, '%s' in the recipe", file, everywhere ? "" : ", not everywhere", recipe)
                        << file << recipe << everywhere;
    }

    /// DataParallel and torch.compile put words before names: on either side they mean the same.
    void prefixes()
    {
        QFETCH(QString, file);
        QFETCH(QString, recipe);
        QFETCH(bool, everywhere);
        const std::string before = file.toStdString(), given = recipe.toStdString();
        std::vector<StateTensor> tensors = {weight(before + "conv", {4, 4}), {before + "conv.bias", {4}, ramp(4)},
            actKey(before + "relu", "scaling_impl.value", {}, {3})};
        if (!everywhere)
            tensors.push_back({"n_averaged", {}, {1}});
        const auto network = recovered(tensors,
            entry(given + "conv", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 5")
                + preset(given + "re*", "act", "Uint8ActPerTensorFloat")
                + entry(given + "conv", "bias", "preset = \"Int16Bias\"\ninput = \"" + given + "relu\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QVERIFY(findRule(*network, "recipe-matches-nothing") == nullptr);
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                QVERIFY2(slot.quantizer && slot.quantizer->isComplete(), layer.name.c_str());
                QVERIFY(!slot.presetAssumed);
            }
        QCOMPARE(network->layers.size(), std::size_t(2)); // no layer of the recipe's own
    }

    void modulePrefix()
    {
        const auto network = under("module_prefix.pt", textOf(field("module_prefix.recipe.toml")));
        QVERIFY(network && expected("module_prefix")["applies"].get<bool>());
        const SlotQuantizer &slot = *network->layer("conv")->slot("weight");
        QCOMPARE(slot.preset, std::string("Int8WeightPerTensorFixedPoint"));
        QVERIFY(!slot.presetAssumed);
        QVERIFY(findRule(*network, "recipe-matches-nothing") == nullptr);
    }

    void brackets_data()
    {
        QTest::addColumn<QString>("match");
        QTest::addColumn<QStringList>("reached");
        QTest::newRow("a class") << "conv[12]" << QStringList{"conv1", "conv2", "conv[12]"};
        QTest::newRow("a range") << "conv[2-9]" << QStringList{"conv2", "conv3"};
        QTest::newRow("none of") << "conv[!1]" << QStringList{"conv2", "conv3"};
        QTest::newRow("the name itself") << "conv[[]12]" << QStringList{"conv[12]"};
        QTest::newRow("nothing") << "conv[45]" << QStringList{};
    }
    void brackets()
    {
        QFETCH(QString, match);
        QFETCH(QStringList, reached);
        const auto network = recovered(
            {weight("conv1", {4, 4}), weight("conv2", {4, 4}), weight("conv3", {4, 4}), weight("conv[12]", {4, 4})},
            entry(match.toStdString(), "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 3")
                + entry(match.toStdString() + ".relu", "act", "preset = \"Uint8ActPerTensorFloat\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QStringList found;
        for (const Layer &layer : network->layers)
            if (const SlotQuantizer *slot = layer.slot(Slot::Weight); slot != nullptr && !slot->presetAssumed)
                found << QString::fromStdString(layer.name);
        QCOMPARE(found, reached);
        const bool name = match == "conv[[]12]";
        QCOMPARE(network->layers.size(), std::size_t(name ? 5 : 4)); // a pattern makes no layer, a name does
        QVERIFY(network->layer(match.toStdString() + ".relu") == nullptr);
    }

    void words_data()
    {
        QTest::addColumn<QString>("given");
        QTest::addColumn<QString>("meant");
        const auto row = [](const char *given, const char *meant) { QTest::newRow(given) << given << meant; };
        row("BIT_WIDTH = 4", "bit_width = 4");
        row("Narrow_Range = false", "narrow_range = false");
        row("SCALING_PER_OUTPUT_CHANNEL = true", "scaling_per_output_channel = true");
        row("restrict_scaling_type = \"RestrictValueType.POWER_OF_TWO\"", "restrict_scaling_type = \"power_of_two\"");
        row("restrict_scaling_type = \"<RestrictValueType.LOG_FP: 'LOG_FP'>\"", "restrict_scaling_type = \"log_fp\"");
        row("scaling_stats_op = \"brevitas.inject.enum.StatsOp.AVE\"", "scaling_stats_op = \"ave\"");
        row("scaling_impl_type = \"ScalingImplType.STATS\"", "scaling_impl_type = \"stats\"");
        row("float_to_int_impl_type = \"FloatToIntImplType.Floor\"", "float_to_int_impl_type = \"floor\"");
        row("quant_type = \"QuantType.TERNARY\"", "quant_type = \"ternary\"");
        row("restrict_scaling_type = \"POWER_OF_TWO\"\nrestrict_value_float_to_int_impl = "
            "\"brevitas.core.function_wrapper.FloorSte\"",
            "restrict_scaling_type = \"power_of_two\"\nrestrict_value_float_to_int_impl = \"FloorSte\"");
    }
    void words()
    {
        QFETCH(QString, given);
        QFETCH(QString, meant);
        const auto of = [](const QString &keys) {
            return recovered({weight("fc", {4, 4})},
                entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\n" + keys.toStdString()));
        };
        const auto as = of(given), plain = of("\n" + meant);
        QVERIFY2(as, as ? "" : as.error().text().c_str());
        Quantizer a = *as->layer("fc")->slot("weight")->quantizer, b = *plain->layer("fc")->slot("weight")->quantizer;
        a.origin.clear();
        b.origin.clear();
        QCOMPARE(a, b);
    }

    void hints_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *keys, const char *says) {
            QTest::newRow(keys) << QString("[[quantizer]]\nmatch = \"fc\"\n%1\n").arg(keys) << says;
        };
        row("slot = \"bias\"\npreset = \"Int8BiasPerTensorFixedPoint\"",
            "did you mean \"Int8BiasPerTensorFixedPointInternalScaling\"");
        row("preset = \"Int8BiasPerTensorFixedPoint\"\nslot = \"bias\"",
            "did you mean \"Int8BiasPerTensorFixedPointInternalScaling\"");
        row("slot = \"weight\"\npreset = \"Int8ActPerTensorFlat\"", "did you mean \"Int8WeightPerTensorFloat\"");
        row("slot = \"act\"\npreset = \"WeightQuantSolver\"", "did you mean \"ActQuantSolver\"");
        row("slot = \"weight\"\npreset = \"WeightQuantSolvr\"", "did you mean \"WeightQuantSolver\"");
        row("slot = \"weight\"\npreset = \"qwertyuiopasdfgh\"", "the nearest known is \"");
        row("slot = \"weight\"\nBIT_WIDHT = 4", "did you mean \"bit_width\"");
        row("slot = \"weight\"\nzzzzzzzzzzzzzzzz = 4", "the nearest known is \"");
        row("slot = \"weight\"\nbit_width = 4\nBIT_WIDTH = 5", "bit_width stands twice");
    }
    void hints()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, says);
        const auto parsed = parseRecipe(recipe.toStdString(), "r.toml");
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().kind, ErrorKind::Usage);
        QVERIFY2(QString::fromStdString(parsed.error().text()).contains(says), parsed.error().text().c_str());
    }

    void newerVersions_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<bool>("newer");
        for (const auto &[version, newer] : {std::pair{"0.12.1", false}, {"0.12.0", false}, {"0.12.2", true},
                 {"0.13.0", true}, {"0.13", true}, {"1.0.0", true}, {"1.0.dev5", true}, {"0.12.1.dev3", false}})
            QTest::newRow(version) << version << newer;
    }

    /// Tomorrow's Brevitas is taken as today's, and said to be.
    void newerVersions()
    {
        QFETCH(QString, version);
        QFETCH(bool, newer);
        const std::string recipe = preset("fc", "weight", "Int8WeightPerChannelFixedPoint");
        const auto network
            = recovered({weight("fc", {4, 4})}, "brevitas = \"" + version.toStdString() + "\"\n" + recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(findRule(*network, "version-newer") != nullptr, newer);
        const auto newest = recovered({weight("fc", {4, 4})}, "brevitas = \"0.12.1\"\n" + recipe);
        QCOMPARE(network->layer("fc")->slot("weight")->quantizer, newest->layer("fc")->slot("weight")->quantizer);
        const std::string text = recipeToml(*network);
        QVERIFY(text.find("brevitas = \"" + version.toStdString() + "\"") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestFieldWords)
#include "tst_field_words.moc"
