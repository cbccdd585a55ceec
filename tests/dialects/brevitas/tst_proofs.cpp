// The network has members named `slots`.
#include "base/sha256.h"
#include "base/text.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "quant/code_reader.h"
#include "support/state_file.h"

#include <cmath>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::vector<StateTensor> kTensors = {weight("fc", {4, 4}), {"fc.bias", {4}, {0.5f, -0.25f, 0.125f, 1.0f}},
    actKey("relu", "scaling_impl.value", {}, {4})};

const std::string kWeight = entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4");
const std::string kMean
    = entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\nscaling_stats_op = \"AVE\"");
const std::string kAct = preset("relu", "act", "Uint8ActPerTensorFloat");
const std::string kBias = entry("fc", "bias", "preset = \"Int16Bias\"\ninput = \"relu\"");

/// clamp(round(w / scale)) of the 16 weights, worked out apart from the library, as int32 in a hash.
std::string codes(float scale, float (*round)(float), float low = -7, float high = 7)
{
    std::vector<std::int32_t> out;
    for (const float w : ramp(16))
        out.push_back(static_cast<std::int32_t>(std::fmax(low, std::fmin(high, round(w / scale)))));
    return sha256(std::as_bytes(std::span(out)));
}

std::string proof(const std::string &layer, const std::string &slot, const std::string &keys)
{
    return "[[proof]]\nlayer = \"" + layer + "\"\nslot = \"" + slot + "\"\n" + keys + "\n";
}

std::string hex(float value) { return "[\"" + hexFloat(static_cast<double>(value)) + "\"]"; }

/// Everything that a proof of fc's weight can say.
std::string weightProof(float scale, const std::string &hash, int bits = 4, const char *isSigned = "true")
{
    return proof("fc", "weight",
        "bit_width = " + std::to_string(bits) + "\nsigned = " + isSigned + "\nscale = " + hex(scale)
            + "\nzero_point = [\"0x0p+0\"]\n" + (hash.empty() ? "" : "codes_sha256_i32 = \"" + hash + "\""));
}

Network networkOf(const std::string &recipe) { return recoveredNetwork(kTensors, recipe); }

std::vector<std::int64_t> codesOf(const SlotQuantizer &slot)
{
    std::vector<std::int64_t> out(slot.tensor->count());
    CodeReader(slot).integers(0, out);
    return out;
}

const float kScale = 1.0f / 7.0f; ///< of the largest weight, 1, in 4 narrow bits

} // namespace

/// What a live model computed, held against what the recipe gives.
class TestProofs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void verdicts_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("says"); ///< of the difference; empty: confirmed; "-": no verdict
        QTest::addColumn<QString>("field"); ///< that is assumed now
        const auto row = [](const char *name, const std::string &recipe, const char *says, const char *field) {
            QTest::newRow(name) << QString::fromStdString(recipe) << says << field;
        };
        const std::string rounded = codes(kScale, std::nearbyint);
        row("equal", kWeight + weightProof(kScale, rounded), "", "");
        row("without a hash", kWeight + weightProof(kScale, ""), "", "");
        row("a hash alone", kWeight + proof("fc", "weight", "codes_sha256_i32 = \"" + rounded + "\""), "", "");
        row("names in torch's wrappers", kWeight + proof("module._orig_mod.fc", "weight", "bit_width = 4"), "", "");
        row("other bits", kWeight + weightProof(kScale, rounded, 5), "4 bits here and 5 in the live model",
            "bit_width");
        row("half a bit", kWeight + proof("fc", "weight", "bit_width = 4.5"), "4 bits here and 4.5", "bit_width");
        row("another sign", kWeight + weightProof(kScale, rounded, 4, "false"), "signed here and unsigned", "signed");
        row("another scale", kWeight + weightProof(0.25f, rounded), "scale[0] is 0.14285715 here and 0.25 in", "scale");
        row("the last bit of an abs-max", kWeight + weightProof(std::nextafter(kScale, 1.0f), rounded), "scale[0] is",
            "scale");
        row("a scale that is no float32", kWeight + proof("fc", "weight", "scale = [\"0x1.24924924924p-3\"]"),
            "scale[0] is", "scale");
        row("scales per channel, all equal",
            kWeight
                + proof("fc", "weight",
                    "scale = [" + hex(kScale).substr(1, hex(kScale).size() - 2) + ", " + hex(kScale).substr(1)),
            "", "");
        row("the second scale",
            kWeight
                + proof("fc", "weight", "scale = [" + hex(kScale).substr(1, hex(kScale).size() - 2) + ", \"0x1p-2\"]"),
            "scale[1] is", "scale");
        row("another zero point", kWeight + proof("fc", "weight", "zero_point = [\"0x1p+0\"]"),
            "zero_point[0] is 0 here and 1 in the live model", "zero_point");
        row("floor", kWeight + weightProof(kScale, codes(kScale, std::floor)),
            "its codes are not those of the live model; they are with float_to_int_impl_type = \"FLOOR\"", "rounding");
        row("a full range",
            entry("fc", "weight",
                "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\nscaling_impl_type = \"CONST\"\nscaling_const = "
                "0.875\nrestrict_scaling_type = \"POWER_OF_TWO\"")
                + weightProof(0.125f, codes(0.125f, std::nearbyint, -8)),
            "its codes are not those of the live model; they are with narrow_range = false", "rounding");
        row("codes of something else", kWeight + weightProof(kScale, std::string(64, '0')),
            "its codes are not those of the live model", "rounding");
        row("no quantizer here", entry("fc", "weight", "preset = \"None\"") + weightProof(kScale, rounded),
            "it has no quantizer here", "");
        row("a proof of nothing", kWeight + proof("fc", "weight", ""), "-", "");
        row("no proof", kWeight, "-", "");
    }

    void verdicts()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, says);
        QFETCH(QString, field);
        const Network network = networkOf(recipe.toStdString());
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        const bool none = says == "-", confirmed = says.isEmpty();
        QCOMPARE(slot.proof, none ? ProofVerdict::None : confirmed ? ProofVerdict::Confirmed : ProofVerdict::Differs);
        QCOMPARE(findRule(network, "proof-confirmed") != nullptr, confirmed);
        const Diagnostic *differs = findRule(network, "proof-differs");
        QCOMPARE(differs != nullptr, !none && !confirmed);
        if (differs == nullptr)
            return;
        QCOMPARE(differs->severity, Severity::Error);
        QCOMPARE(differs->subject, Subject(network.layer("fc")->id, Slot::Weight));
        QVERIFY2(differs->text.starts_with("fc weight: " + says.toStdString()), differs->text.c_str());
        QVERIFY(slot.assumed);
        if (!field.isEmpty())
            QCOMPARE(slot.quantizer->origin.at(field.toStdString()).origin, Origin::Assumed);
    }

    void counted()
    {
        const Network network = networkOf(kWeight + kAct + kBias + weightProof(kScale, codes(kScale, std::nearbyint))
            + proof(
                "relu", "act", "bit_width = 8\nsigned = false\nzero_point = [\"0x0p+0\"]\nscale = " + hex(4.0f / 255)));
        const Diagnostic *note = findRule(network, "proof-confirmed");
        QVERIFY(note != nullptr);
        QCOMPARE(
            note->text, std::string("recipe confirmed by the live model: 2 quantizers; 1 quantizer without a proof"));
        QCOMPARE(note->severity, Severity::Note);
    }

    /// What the live model has too is no assumption any more, whoever said it.
    void confirmsAssumptions_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::newRow("a preset that nobody named")
            << QString::fromStdString(weightProof(1.0f / 127, codes(1.0f / 127, std::nearbyint, -127, 127), 8));
        QTest::newRow("a preset that nobody confirmed") << QString::fromStdString(
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\nassumed = true")
            + weightProof(kScale, codes(kScale, std::nearbyint)));
        QTest::newRow("a keyword that nobody confirmed") << QString::fromStdString(
            preset("fc", "weight", "Int8WeightPerTensorFloat") + entry("fc", "weight", "bit_width = 4\nassumed = true")
            + weightProof(kScale, codes(kScale, std::nearbyint)));
    }
    void confirmsAssumptions()
    {
        QFETCH(QString, recipe);
        const Network network = networkOf("brevitas = \"0.10.2\"\n" + recipe.toStdString());
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        QCOMPARE(slot.proof, ProofVerdict::Confirmed);
        QVERIFY(!slot.assumed && !slot.presetAssumed && slot.alternatives.empty());
        for (const auto &[name, origin] : slot.quantizer->origin)
            QVERIFY2(origin.origin != Origin::Assumed, name.c_str());
        const std::string text = recipeToml(network);
        const auto at = text.find("match = \"fc\"\nslot = \"weight\"");
        QVERIFY2(at != std::string::npos, text.c_str());
        QVERIFY2(text.substr(at, text.find("\n\n", at) - at).find("assumed") == std::string::npos, text.c_str());
        QVERIFY2(text.find("codes_sha256_i32") != std::string::npos, text.c_str());
    }

    /// A proof that tells only some of it confirms only that.
    void confirmsInPart()
    {
        const Network network = networkOf(proof("fc", "weight", "bit_width = 8"));
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        QCOMPARE(slot.proof, ProofVerdict::Confirmed);
        QVERIFY(slot.assumed && slot.presetAssumed);
        QCOMPARE(slot.quantizer->origin.at("bit_width").origin, Origin::Recipe);
        QCOMPARE(slot.quantizer->origin.at("signed").origin, Origin::Assumed);
    }

    void settlesLastBits_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<float>("scale"); ///< of the proof, in ulps from what is computed
        QTest::addColumn<bool>("taken");
        QTest::newRow("equal") << QString::fromStdString(kMean) << 0.0f << true;
        QTest::newRow("one up") << QString::fromStdString(kMean) << 1.0f << true;
        QTest::newRow("two down") << QString::fromStdString(kMean) << -2.0f << true;
        QTest::newRow("a hundred") << QString::fromStdString(kMean) << 100.0f << false;
        QTest::newRow("an abs-max") << QString::fromStdString(kWeight) << 1.0f << false;
        QTest::newRow("a power of two of a mean")
            << QString::fromStdString(kMean + entry("fc", "weight", "restrict_scaling_type = \"POWER_OF_TWO\"")) << 1.0f
            << false;
    }

    /// The weight's codes and the bias behind it follow.
    void settlesLastBits()
    {
        QFETCH(QString, recipe);
        QFETCH(float, scale);
        QFETCH(bool, taken);
        const std::string given = recipe.toStdString() + kAct + kBias;
        const Network alone = networkOf(given);
        const float computed = alone.layer("fc")->slot("weight")->quantizer->scale->values[0];
        float wanted = computed;
        for (int i = 0; i < static_cast<int>(std::fabs(scale)); ++i)
            wanted = std::nextafter(wanted, scale > 0 ? 1.0f : 0.0f);
        const Network network = networkOf(given + proof("fc", "weight", "scale = " + hex(wanted)));
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        QCOMPARE(slot.quantizer->scale->values[0], taken ? wanted : computed);
        QCOMPARE(slot.proof, taken ? ProofVerdict::Confirmed : ProofVerdict::Differs);
        const SlotQuantizer &bias = *network.layer("fc")->slot("bias");
        QCOMPARE(bias.quantizer->scale->values[0], (taken ? wanted : computed) * (4.0f / 255));
        const std::string &origin = slot.quantizer->origin.at("scale").detail;
        QCOMPARE(origin.find("its last bit is that of the live model (proof 1)") != std::string::npos, taken);
        const std::string &before = alone.layer("fc")->slot("weight")->quantizer->origin.at("scale").detail;
        QCOMPARE(before.ends_with("; its last bit depends on the order of addition"),
            recipe == QString::fromStdString(kMean));
    }

    /// One object, and the proof stands with its owner.
    void settlesSharers()
    {
        const std::string shared = kMean + entry("fc2", "weight", "shared_with = \"fc\"");
        const std::vector<StateTensor> tensors = {weight("fc", {4, 4}), weight("fc2", {4, 4})};
        const float computed = recovered(tensors, shared)->layer("fc")->slot("weight")->quantizer->scale->values[0];
        const float wanted = std::nextafter(computed, 1.0f);
        const auto network = recovered(tensors, shared + proof("fc", "weight", "scale = " + hex(wanted)));
        for (const char *layer : {"fc", "fc2"})
            QCOMPARE(network->layer(layer)->slot("weight")->quantizer->scale->values[0], wanted);
    }

    /// An export beside the file holds what the framework itself computed.
    void settledByAnExport()
    {
        Network exported = networkOf(kMean);
        auto file = std::make_shared<ModelFile>();
        file->path = "folder/model_qonnx.onnx";
        exported.file = file;
        float &scale = exported.layer("fc")->slot(Slot::Weight)->quantizer->scale->values[0];
        scale = std::nextafter(scale, 0.0f);
        const auto network = recoverQuantizers(
            stateFile(kTensors), *parseRecipe(kMean, "r.toml"), {}, {.graph = &exported, .previous = nullptr});
        const Quantizer &settled = *network->layer("fc")->slot("weight")->quantizer;
        QCOMPARE(settled.scale->values[0], scale);
        QVERIFY(settled.origin.at("scale").detail.ends_with("; its last bit is that of model_qonnx.onnx"));
    }

    void absent_data()
    {
        QTest::addColumn<QString>("proofs");
        QTest::addColumn<QString>("says");
        QTest::newRow("no such layer") << QString::fromStdString(proof("fd", "weight", "bit_width = 4"))
                                       << "fd weight, and the file has no such layer; did you mean \"fc\"";
        QTest::newRow("the same slot twice") << QString::fromStdString(
            proof("fc", "bias", "bit_width = 4") + proof("module.fc", "bias", "bit_width = 5"))
                                             << "module.fc bias, which another proof is of";
        QTest::newRow("no such slot") << QString::fromStdString(proof("relu", "weight", "bit_width = 4"))
                                      << "relu weight, and that layer has no such slot";
    }
    void absent()
    {
        QFETCH(QString, proofs);
        QFETCH(QString, says);
        const Network network = networkOf(kWeight + proofs.toStdString());
        const Diagnostic *unused = findRule(network, "proof-unused");
        QVERIFY(unused != nullptr);
        QCOMPARE(unused->severity, Severity::Warning);
        QVERIFY2(QString::fromStdString(unused->text).contains(says), unused->text.c_str());
        QVERIFY(findRule(network, "proof-confirmed") == nullptr);
    }

    /// An edit is compared anew, what it leaves alone keeps its verdict, and undoing it brings all of it back.
    void edits()
    {
        const auto file = stateFile(kTensors);
        const Recipe recipe = *parseRecipe(kWeight + kAct + kBias + weightProof(kScale, codes(kScale, std::nearbyint))
                + proof("relu", "act", "bit_width = 8\nscale = " + hex(4.0f / 255)),
            "r.toml");
        const auto under = [&](const Recipe &given, const Network *previous) {
            return recoverQuantizers(file, given, {}, {.graph = nullptr, .previous = previous});
        };
        const auto first = under(recipe, nullptr);
        const auto edited = under(withChoice(recipe, {"fc", Slot::Weight, "", {{"bit_width", "5"}}}), &*first);
        QVERIFY(edited);
        QCOMPARE(edited->layer("fc")->slot("weight")->proof, ProofVerdict::Differs);
        QCOMPARE(edited->layer("relu")->slot("act")->proof, ProofVerdict::Confirmed);
        QVERIFY(findRule(*edited, "proof-confirmed") == nullptr);
        QVERIFY(edited->layer("fc")->slot("bias")->assumed); // it rests on a weight that is wrong
        const auto undone = under(recipe, &*edited);
        QCOMPARE(undone->layer("fc")->slot("weight")->proof, ProofVerdict::Confirmed);
        QCOMPARE(undone->layer("fc")->slot("weight")->quantizer, first->layer("fc")->slot("weight")->quantizer);
        QVERIFY(!undone->layer("fc")->slot("bias")->assumed);
        QCOMPARE(undone->diagnostics.size(), first->diagnostics.size());
    }

    /// A proof that changes, in a recipe that was read again, is looked at anew.
    void otherProofs()
    {
        const auto file = stateFile(kTensors);
        const Recipe right = *parseRecipe(kWeight + weightProof(kScale, ""), "r.toml");
        const Recipe wrong = *parseRecipe(kWeight + weightProof(0.25f, ""), "r.toml");
        const auto first = recoverQuantizers(file, right);
        const auto second = recoverQuantizers(file, wrong, {}, {.graph = nullptr, .previous = &*first});
        QCOMPARE(second->layer("fc")->slot("weight")->proof, ProofVerdict::Differs);
    }

    void ownClasses_data()
    {
        QTest::addColumn<QString>("keys"); ///< of the proof
        QTest::addColumn<QString>("rounding"); ///< empty: codes are not known
        QTest::addColumn<QString>("says"); ///< of the diagnostic
        const auto fields = [](const std::string &hash) {
            return "bit_width = 4\nsigned = true\nscale = " + hex(kScale) + "\nzero_point = [\"0x0p+0\"]\n"
                + (hash.empty() ? "" : "codes_sha256_i32 = \"" + hash + "\"");
        };
        const auto row = [](const char *name, const std::string &keys, const char *rounding, const char *says) {
            QTest::newRow(name) << QString::fromStdString(keys) << rounding << says;
        };
        row("round", fields(codes(kScale, std::nearbyint)), "ROUND", "");
        row("floor", fields(codes(kScale, std::floor)), "FLOOR", "");
        row("ceil", fields(codes(kScale, std::ceil)), "CEIL", "");
        row("a full range", fields(codes(kScale, std::floor, -8)), "FLOOR", "");
        row("codes of another rule", fields(std::string(64, '1')), "", "none that a known rounding makes");
        row("no hash", fields(""), "", "no proof has their hash");
        row("bits alone", "bit_width = 4", "", "does not tell scale, zero point");
    }

    void ownClasses()
    {
        QFETCH(QString, keys);
        QFETCH(QString, rounding);
        QFETCH(QString, says);
        const Network network
            = networkOf(entry("fc", "weight", "own_class = \"net.Mine\"") + proof("fc", "weight", keys.toStdString()));
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        QVERIFY(slot.quantizer);
        QCOMPARE(slot.quantizer->bitWidth, std::optional(4));
        QCOMPARE(slot.quantizer->origin.at("bit_width").origin, Origin::Recipe);
        QCOMPARE(slot.quantizer->isComplete(), !rounding.isEmpty());
        const Diagnostic *unknown = findRule(network, "own-class");
        QCOMPARE(unknown != nullptr, rounding.isEmpty());
        if (unknown != nullptr) {
            QVERIFY2(QString::fromStdString(unknown->text).contains(says), unknown->text.c_str());
            QVERIFY(unknown->text.starts_with("fc weight: net.Mine is no class of Brevitas"));
            QCOMPARE(slot.proof, ProofVerdict::None);
            return;
        }
        QCOMPARE(QString::fromStdString(std::string(roundingName(slot.quantizer->rounding))), rounding);
        QCOMPARE(slot.quantizer->scale->values, std::vector<float>{kScale});
        QCOMPARE(slot.proof, ProofVerdict::Confirmed);
        QCOMPARE(codesOf(slot).size(), std::size_t(16));
        // Written and read again it is the same.
        const Network again = networkOf(recipeToml(network));
        QCOMPARE(codesOf(*again.layer("fc")->slot("weight")), codesOf(slot));
    }

    void ownClassWithoutProof()
    {
        const Network network = networkOf(entry("fc", "weight", "own_class = \"net.Mine\""));
        QVERIFY(!network.layer("fc")->slot("weight")->quantizer);
        QVERIFY(findRule(network, "own-class") != nullptr);
    }

    /// Codes of an activation are in no file: its fields are all there is. An external bias takes its scale from it.
    void ownActivation()
    {
        const Network network = networkOf(kWeight + kBias + entry("relu", "act", "own_class = \"net.Mine\"")
            + proof("relu", "act", "bit_width = 6\nsigned = false\nscale = [\"0x1p-4\"]\nzero_point = [\"0x0p+0\"]"));
        const SlotQuantizer &act = *network.layer("relu")->slot("act");
        QVERIFY(act.quantizer->isComplete());
        QCOMPARE(act.quantizer->bitWidth, std::optional(6));
        QVERIFY(findRule(network, "own-class") == nullptr);
        QCOMPARE(network.layer("fc")->slot("bias")->quantizer->scale->values[0], kScale * 0.0625f);
    }
};

QTEST_GUILESS_MAIN(TestProofs)
#include "tst_proofs.moc"
