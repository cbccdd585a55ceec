// The model has members named `slots`.
#include "analysis/analyse.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <bit>
#include <cmath>

#include <QtTest>

using namespace quantscope;

namespace {

/// With what its data tell.
std::vector<Diagnostic> problemsOf(Network network)
{
    return inspect(std::make_shared<const Network>(std::move(network)))->diagnostics;
}

QStringList found(const std::string &path, const std::string &rule)
{
    QStringList out;
    for (const Diagnostic &d : problemsOf(*recoverQuantizers(*openModel(path))))
        if (d.rule == rule)
            out << QString::fromStdString(d.text);
    return out;
}

} // namespace

class TestSharing : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// a, b and c of this model share one weight quantizer, d and e another (see its golden's shared_by).
    void equalScalesBelowTheLimit()
    {
        const QStringList notes = found(test::data("brevitas/0.10.2/shared_weights.qonnx.onnx"), "shared-suspected");
        QVERIFY2(!notes.isEmpty(), "no weight was suspected");
        for (const QString &note : notes)
            QVERIFY2(note.contains("probably share one quantizer"), qPrintable(note));
        // Layers that share nothing are not accused.
        QVERIFY(found(test::sample("digits_fixed_qonnx.onnx"), "shared-suspected").isEmpty());
        QVERIFY(found(test::sample("digits_float_qonnx.onnx"), "shared-suspected").isEmpty());
    }

    /// A scale that is not a number is equal to none, in whichever order the layers stand.
    void scaleThatIsNoNumber()
    {
        auto network = test::recovered({test::weight("a", {2, 2}), test::weight("b", {2, 2})},
            test::preset("*", "weight", "Int8WeightPerTensorFloat"));
        QVERIFY(network);
        const std::vector<std::int8_t> codes[] = {{127, 0, 0, -127}, {3, 0, 0, -3}};
        const float scales[] = {std::nanf(""), 0.5f};
        for (std::size_t i = 0; i < 2; ++i) {
            SlotQuantizer &slot = network->layers[i].slots[0];
            slot.tensor = memoryTensor(slot.tensorName, DType::Int8, {2, 2}, std::span<const std::int8_t>(codes[i]));
            slot.quantizer->rule = CodeRule::Stored;
            slot.quantizer->scale->values = {scales[i]};
        }
        for (const Diagnostic &d : problemsOf(*network))
            QVERIFY2(d.rule != "shared-suspected", d.text.c_str());
    }

    /// `shared_with` without a slot shares what the other layer has; a slot that is named must have an owner.
    void sharedLayers_data()
    {
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("owner"); ///< "a" has a float bias, "b" none, "c" a quantized one
        QTest::addColumn<QString>("weight");
        QTest::addColumn<QString>("bias");
        QTest::addColumn<QString>("rule");
        QTest::newRow("float bias") << ""
                                    << "a"
                                    << "a:weight"
                                    << ""
                                    << "";
        QTest::newRow("no bias") << ""
                                 << "b"
                                 << "b:weight"
                                 << ""
                                 << "";
        QTest::newRow("one slot of it") << ""
                                        << "c:weight"
                                        << "c:weight"
                                        << ""
                                        << "";
        QTest::newRow("quantized bias") << ""
                                        << "c"
                                        << "c:weight"
                                        << "c:bias"
                                        << "";
        QTest::newRow("float bias by name") << "bias"
                                            << "a"
                                            << ""
                                            << ""
                                            << "shared-owner-unknown";
    }

    void sharedLayers()
    {
        QFETCH(QString, slot);
        QFETCH(QString, owner);
        QFETCH(QString, rule);
        const auto network
            = test::recovered({test::weight("a", {4, 4}), {"a.bias", {4}, test::ramp(4)}, test::weight("b", {4, 4}),
                                  test::weight("c", {4, 4}), {"c.bias", {4}, test::ramp(4)}, test::weight("d", {4, 4}),
                                  {"d.bias", {4}, test::ramp(4)}},
                test::preset("c", "bias", "Int8BiasPerTensorFloatInternalScaling")
                    + test::preset("d", "bias", "Int8BiasPerTensorFloatInternalScaling")
                    + test::entry("d", slot.toStdString(), "shared_with = \"" + owner.toStdString() + "\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QStringList errors;
        for (const Diagnostic &d : network->diagnostics)
            if (d.severity == Severity::Error)
                errors << QString::fromStdString(d.rule);
        QCOMPARE(errors.join(' '), rule);
        for (const char *name : {"weight", "bias"}) {
            const SlotQuantizer &found = *network->layer("d")->slot(name);
            const auto *wanted = QTest::qData(name, qMetaTypeId<QString>());
            QCOMPARE(QString::fromStdString(found.sharedWith), *static_cast<const QString *>(wanted));
        }
        QCOMPARE(network->layer("d")->slot("bias")->quantizer.has_value(), owner == "c");
    }

    /// Narrow one-bit quantizers have the code 0 alone: that is said of them, and no sharing is read into it.
    void oneNarrowBit()
    {
        const auto golden = test::golden(test::data("brevitas/0.10.2/one_bit.json"));
        const auto recipe = parseRecipe(test::recipeOfGolden(golden), "golden.toml");
        const auto network = recoverQuantizers(*openModel(test::data("brevitas/0.10.2/one_bit.pt")), *recipe);
        QStringList single;
        for (const Diagnostic &d : problemsOf(*network)) {
            QVERIFY2(d.rule != "shared-suspected", d.text.c_str());
            if (d.rule == "single-code")
                single << QString::fromStdString(subjectName(*network, d.subject));
        }
        single.sort();
        QCOMPARE(single, (QStringList{"fp_narrow", "pot_narrow"}));
    }

    /// In float32 2^31 - 1 is 2^31, and so on for every width from 26 on: Brevitas' clamp lets one code too many pass.
    void codesBeyondTheirWidth()
    {
        const auto said = [](const std::string &path, const std::string &recipe) {
            const auto network = recoverQuantizers(*openModel(path), *parseRecipe(recipe, "r.toml"));
            for (const Diagnostic &d : problemsOf(*network))
                if (d.rule == "int32-wrap")
                    return QString::fromStdString(d.text);
            return QString();
        };
        const std::string overflow = test::data("brevitas/0.10.2/bias_overflow");
        QVERIFY(said(overflow + ".pt", test::recipeOfGolden(test::golden(overflow + ".json"))).contains("wraps it"));
        const std::string wide = "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"ap_fixed<32,0>\"\n"
                                 "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"IntBias\"\n"
                                 "input_scale = 1e-30\ninput_bit_width = 22\n";
        QVERIFY(said(test::sample("digits_fixed.pt"), wide).contains("144115188075855872, one more than 58 bits"));
    }

    /// io_quant and cell.output_quant of a recurrent layer are one object, written under both names into one storage.
    void aliasedParametersProveIt()
    {
        const QStringList notes = found(test::data("brevitas/0.10.2/lstm_rnn.pt"), "shared-proven");
        QCOMPARE(notes.size(), 2); // the LSTM and the RNN
        QVERIFY2(notes[0].contains("m.layers.0.0.cell:output") && notes[0].contains("m.layers.0.0:io"),
            qPrintable(notes[0]));
        QVERIFY(found(test::sample("digits_fixed.pt"), "shared-proven").isEmpty());
    }

    /// merge_bn of Brevitas, step by step in float32 as torch does it: every product and sum is rounded by itself.
    void batchNormMerged()
    {
        const auto file = *openModel(test::data("torch/zip/state_dict.pt"));
        const auto recipe = parseRecipe("[[layer]]\nmatch = \"conv1\"\nbatch_norm = \"bn1\"\n", "r.toml");
        QVERIFY(recipe);
        const auto network = recoverQuantizers(file, *recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const auto read = [&](const char *name) { return readFloats(file->tensors[*file->find(name)]); };
        const auto w = read("conv1.weight"), b = read("conv1.bias"), gamma = read("bn1.weight"),
                   beta = read("bn1.bias"), mean = read("bn1.running_mean"), var = read("bn1.running_var");
        const auto merged = readFloats(*network->layer("conv1")->slot("weight")->tensor),
                   bias = readFloats(*network->layer("conv1")->slot("bias")->tensor);
        QCOMPARE(merged.size(), w.size());
        const std::size_t inner = w.size() / gamma.size();
        for (std::size_t c = 0; c < gamma.size(); ++c) {
            const volatile float denominator = std::sqrt(static_cast<float>(var[c] + 1e-5f));
            const volatile float factor = gamma[c] / denominator;
            const volatile float shift = -mean[c] * factor, offset = shift + beta[c], scaled = b[c] * factor;
            for (std::size_t i = c * inner; i < (c + 1) * inner; ++i)
                QCOMPARE(std::bit_cast<std::uint32_t>(merged[i]), std::bit_cast<std::uint32_t>(w[i] * factor));
            QCOMPARE(std::bit_cast<std::uint32_t>(bias[c]), std::bit_cast<std::uint32_t>(scaled + offset));
            const double exact = (b[c] - double(mean[c])) * gamma[c] / std::sqrt(double(var[c]) + 1e-5) + beta[c];
            QVERIFY(std::fabs(bias[c] - exact) <= 1e-6 * (std::fabs(exact) + 0.1));
        }
        QVERIFY(network->layer("conv1")->slot("weight")->quantizer->isComplete());
        // A batch norm of another size is an error of the recipe, not a crash.
        const auto wrong
            = recoverQuantizers(file, *parseRecipe("[[layer]]\nmatch = \"conv2\"\nbatch_norm = \"bn1\"\n", "r.toml"));
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().kind, ErrorKind::Usage);
        QVERIFY(wrong.error().message.find("4 values for 6") != std::string::npos);
    }

    /// Without a word of the recipe the weights stay as stored, and it is said that a batch norm follows.
    void batchNormFollows()
    {
        const auto file = *openModel(test::data("torch/zip/state_dict.pt"));
        const auto stored = *recoverQuantizers(file, {});
        QCOMPARE(stored.layer("conv1")->batchNorm, std::string("bn1"));
        QVERIFY(!stored.layer("conv1")->batchNormMerged);
        QCOMPARE(stored.layer("bn1")->batchNorm, std::string());
        QVERIFY(std::any_of(stored.diagnostics.begin(), stored.diagnostics.end(), [&](const Diagnostic &d) {
            return d.rule == "batch-norm-unmerged" && subjectName(stored, d.subject) == "conv1";
        }));
        // What one edit does not touch is taken over, merged weights too; what it touches is computed again.
        const Recipe merging = withBatchNorm({}, "conv1", "bn1");
        const auto merged = *recoverQuantizers(file, merging, {}, {nullptr, &stored});
        QVERIFY(merged.layer("conv1")->batchNormMerged);
        const auto fresh = *recoverQuantizers(file, merging);
        QCOMPARE(readFloats(*merged.layer("conv1")->slot("weight")->tensor),
            readFloats(*fresh.layer("conv1")->slot("weight")->tensor));
        const auto other = *recoverQuantizers(
            file, withChoice(merging, {"conv2", Slot::Weight, "Int8WeightPerTensorFloat", {}}), {}, {nullptr, &merged});
        QCOMPARE(other.layer("conv1")->slot("weight")->tensor, merged.layer("conv1")->slot("weight")->tensor);
        const auto again = *recoverQuantizers(file, withBatchNorm(merging, "conv1", ""), {}, {nullptr, &merged});
        QCOMPARE(*again.layer("conv1")->slot("weight")->quantizer, *stored.layer("conv1")->slot("weight")->quantizer);
        QCOMPARE(readFloats(*again.layer("conv1")->slot("weight")->tensor),
            readFloats(*stored.layer("conv1")->slot("weight")->tensor));
        QVERIFY(*merged.layer("conv1")->slot("weight")->quantizer != *stored.layer("conv1")->slot("weight")->quantizer);
    }

    /// Made with merge_bn of Brevitas 0.10.2 on torch 1.13: the codes of the merged weights, and of the merged biases
    /// in ap_fixed<32,6>, which shows all but the last bits of a float32.
    void mergedByBrevitas_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("codes");
        QTest::newRow("conv weight") << "conv"
                                     << "weight"
                                     << "86353dacf7787c3882cbfbe685e332f42427aaa6ac07f4fe2009f4c8db9e78a3";
        QTest::newRow("conv bias") << "conv"
                                   << "bias"
                                   << "ed9dbde1b0752e7119aa155cda9015cd984b245983d064b07d6d0a6f4b023874";
        QTest::newRow("up weight") << "up"
                                   << "weight"
                                   << "c86157e455d8fbe666728eaa1b7f9787c3fc22292e169f125ee405201a88ce9d";
        QTest::newRow("up bias") << "up"
                                 << "bias"
                                 << "e8db50d0c39243790fa0bc8d2532a119218fe4b0f8df6a07675b49f46abb7fa6";
        QTest::newRow("fc weight") << "fc"
                                   << "weight"
                                   << "7a4efb97264fcf5c60d2a98182723f93675f3d795ceb1defe3f249a76a151dc3";
        QTest::newRow("fc bias") << "fc"
                                 << "bias"
                                 << "c17117def0e2698ffca85f32ac206c26768ed7cfb38b9890d5d19d412b67f423";
    }
    void mergedByBrevitas()
    {
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(QString, codes);
        const auto recipe
            = parseRecipe("brevitas = \"0.10.2\"\n"
                          "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn1\"\n"
                          "[[layer]]\nmatch = \"up\"\nkind = \"ConvTranspose2d\"\nbatch_norm = \"bn2\"\n"
                          "[[layer]]\nmatch = \"fc\"\nbatch_norm = \"bn3\"\nepsilon = 1e-3\n"
                          "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerChannelFloat\"\n"
                          "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n"
                          "[[quantizer]]\nmatch = \"*\"\nslot = \"bias\"\npreset = \"ap_fixed<32,6>\"\n",
                "r.toml");
        QVERIFY(recipe.has_value());
        const auto network = recoverQuantizers(*openModel(test::data("batch_norm/unmerged.pt")), *recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const auto statistics = analyse(
            *network->layer(layer.toStdString())->slot(slot.toStdString()), {.hash = true, .channels = false});
        QCOMPARE(statistics->codesSha256, std::optional(codes.toStdString()));
    }
};

QTEST_GUILESS_MAIN(TestSharing)
#include "tst_sharing.moc"
