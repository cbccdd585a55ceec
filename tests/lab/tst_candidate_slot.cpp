// The model has members named `slots`.
#include "base/text.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "formats/open_model.h"
#include "lab/candidate_slot.h"
#include "lab/compare.h"
#include "lab/lab_candidates.h"
#include "lab/power_of_two.h"
#include "open/open_network.h"
#include "quant/code_hash.h"
#include "report/power_report.h"
#include "support/paths.h"
#include "support/watched_file.h"

#include <cmath>
#include <new>
#include <stdexcept>

#include <QtTest>

using namespace quantscope;
using test::candidates, test::compared, test::oneLayer;

namespace {

/// Every layer with its batch norm merged, as tests/data/batch_norm says.
Network mergedNetwork()
{
    return *recoverQuantizers(*openModel(test::data("batch_norm/unmerged.pt")),
        *parseRecipe("brevitas = \"0.10.2\"\n"
                     "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn1\"\n"
                     "[[layer]]\nmatch = \"up\"\nkind = \"ConvTranspose2d\"\nbatch_norm = \"bn2\"\n"
                     "[[layer]]\nmatch = \"fc\"\nbatch_norm = \"bn3\"\nepsilon = 1e-3\n"
                     "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerChannelFloat\"\n"
                     "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n"
                     "[[quantizer]]\nmatch = \"*\"\nslot = \"bias\"\npreset = \"ap_fixed<32,6>\"\n",
            "r.toml"));
}

Result<SlotComparison> comparedOn(const Network &network, const std::vector<std::string> &texts)
{
    return compared(network, "fc", texts, {.slot = Slot::Weight, .hash = true, .skipUnavailable = true});
}

} // namespace

/// A candidate is a call: it sees the network as it stands, and leaves it so.
class TestCandidateSlot : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePresetInForceIsWhatIsInForce_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<QString>("codes");
        // The codes that merge_bn of Brevitas 0.10.2 gives.
        QTest::newRow("conv weight") << "conv"
                                     << "weight"
                                     << "Int8WeightPerChannelFloat"
                                     << "86353dacf7787c3882cbfbe685e332f42427aaa6ac07f4fe2009f4c8db9e78a3";
        QTest::newRow("conv bias") << "conv"
                                   << "bias"
                                   << "ap_fixed<32,6>"
                                   << "ed9dbde1b0752e7119aa155cda9015cd984b245983d064b07d6d0a6f4b023874";
        QTest::newRow("up weight") << "up"
                                   << "weight"
                                   << "Int8WeightPerChannelFloat"
                                   << "c86157e455d8fbe666728eaa1b7f9787c3fc22292e169f125ee405201a88ce9d";
        QTest::newRow("fc weight") << "fc"
                                   << "weight"
                                   << "Int8WeightPerTensorFloat"
                                   << "7a4efb97264fcf5c60d2a98182723f93675f3d795ceb1defe3f249a76a151dc3";
    }

    /// A merged batch norm is in the weights once, in the file's own quantizer and in every candidate.
    void thePresetInForceIsWhatIsInForce()
    {
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(QString, candidate);
        QFETCH(QString, codes);
        const auto result = compared(mergedNetwork(), layer.toStdString(), {candidate.toStdString()},
            {.slot = *slotFromName(slot.toStdString()), .hash = true});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        for (const CandidateResult &shown : result->candidates) {
            QCOMPARE(QString::fromStdString(shown.figures->codesSha256.value()), codes);
            QVERIFY(shown.slot.quantizer->scale == result->candidates[0].slot.quantizer->scale);
        }
    }

    void powersOfTwoAreOfTheMergedWeights()
    {
        const auto table = powerOfTwoTable(mergedNetwork(), "fc", Slot::Weight);
        QVERIFY2(table, table ? "" : table.error().text().c_str());
        std::optional<float> file, tensor;
        for (const PowerRow &row : table->rows)
            for (const std::string &rule : row.rules) {
                if (rule == "in the file")
                    file = row.result.slot.quantizer->scale->values[0];
                if (rule == "per tensor, float")
                    tensor = row.result.slot.quantizer->scale->values[0];
            }
        QVERIFY(file && tensor);
        QCOMPARE(*tensor, *file);
    }

    void sharedScales_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("layer");
        for (const char *key : {"scale_shared_with", "threshold_shared_with", "shared_with"})
            for (const char *layer : {"fa", "fc"})
                QTest::addRow("%s, %s", key, layer) << key << layer;
    }

    /// Compare and sweep show what applying a candidate gives: of the owner of a scale, and of who shares it and
    /// would not any more.
    void sharedScales()
    {
        QFETCH(QString, key);
        QFETCH(QString, layer);
        const std::string name = layer.toStdString();
        const auto network = test::recovered({{"fa.weight", {1, 2}, {2, -0.7f}}, {"fc.weight", {1, 2}, {1, -0.3f}}},
            test::preset("f*", "weight", "Int8WeightPerTensorFloat")
                + test::entry("fc", "weight", key.toStdString() + " = \"fa\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const std::vector<CandidateText> texts
            = atWidths(candidates({"Int8WeightPerTensorFloat", "ap_fixed<8,2>", "ternary"}), 3, 5);
        const auto result = compareCandidates(*network, {name}, texts, {.slot = Slot::Weight, .hash = true});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        const std::vector<CandidateResult> &shown = result->front().candidates;
        QCOMPARE(shown.size(), std::size_t{8});
        QCOMPARE(shown[0].slot.quantizer, network->layer(name)->slot(Slot::Weight)->quantizer);
        QCOMPARE(shown[0].slot.quantizer->scale->values, std::vector<float>{2.0f / 127});
        for (std::size_t i = 1; i < shown.size(); ++i) {
            const SlotSettings &settings = shown[i].settings;
            const auto applied = recoverQuantizers(
                network->file, withChoice(network->recipe, {name, Slot::Weight, settings.preset, settings.overrides}));
            QVERIFY2(applied, applied ? "" : applied.error().text().c_str());
            const SlotQuantizer &slot = *applied->layer(name)->slot(Slot::Weight);
            QCOMPARE(shown[i].slot.quantizer->scale, slot.quantizer->scale);
            QCOMPARE(shown[i].figures->codesSha256, codesSha256(slot));
        }
    }

    void activations_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<QString>("settings");
        QTest::addColumn<double>("scale");
        const auto row = [](const char *file, const char *candidate, const char *settings, double scale) {
            QTest::addRow("%s %s", file, candidate) << file << candidate << settings << scale;
        };
        // digits_fixed.pt stores log2 of relu1's threshold, digits_float.pt the threshold: both between 2 and 4.
        row("digits_fixed.pt", "Uint8ActPerTensorFixedPoint,bit_width=4", "Uint8ActPerTensorFixedPoint,bit_width=4",
            0.25);
        row("digits_fixed.pt", "Int8ActPerTensorFixedPoint", "Int8ActPerTensorFixedPoint", 4.0 / 128);
        row("digits_fixed.pt", "Uint8ActPerTensorFloat",
            "Uint8ActPerTensorFloat,scaling_impl_type=const,scaling_init=T", -255);
        row("digits_float.pt", "Uint8ActPerTensorFloat,bit_width=4", "Uint8ActPerTensorFloat,bit_width=4", -15);
        row("digits_float.pt", "Uint8ActPerTensorFixedPoint",
            "Uint8ActPerTensorFixedPoint,scaling_impl_type=const,scaling_init=T", 4.0 / 256);
        row("digits_float.pt", "ap_ufixed<6,2>", "ap_ufixed<6,2>", 0.0625);
        row("digits_float.pt", "ap_fixed<6,2>,bit_width=4", "ap_fixed<6,2>,bit_width=4", 0.25);
    }

    /// From the stored threshold; the recipe that Apply writes gives the same quantizer. A scale below 0 is what the
    /// threshold, log2 of which one file stores, is divided by.
    void activations()
    {
        QFETCH(QString, file);
        QFETCH(QString, candidate);
        QFETCH(QString, settings);
        QFETCH(double, scale);
        const auto network = openNetwork(test::sample(file.toStdString()), {}, false);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const auto facts = gatherFacts(*network);
        const auto made = candidateSlot(*network, *facts, {network->layer("relu1")->id, Slot::Act},
            candidates({candidate.toStdString()}).front().settings, nullptr, {});
        QVERIFY2(made, made ? "" : made.error().text.c_str());
        const float stored = facts->stored(*facts->find("relu1", Slot::Act), "scaling_impl.value").value().front();
        const float threshold
            = file == "digits_fixed.pt" ? static_cast<float>(std::exp2(static_cast<double>(stored))) : stored;
        SlotSettings concrete;
        concrete.preset = made->preset;
        concrete.overrides = made->overrides;
        QCOMPARE(QString::fromStdString(settingsText(concrete)),
            settings.replace("=T", "=" + QString::fromStdString(shortest(threshold))));
        const float expected = scale < 0 ? threshold / static_cast<float>(-scale) : static_cast<float>(scale);
        QCOMPARE(made->quantizer->scale->values, std::vector<float>{expected});
        const auto applied = recoverQuantizers(
            network->file, withChoice(network->recipe, {"relu1", Slot::Act, made->preset, made->overrides}));
        QVERIFY2(applied, applied ? "" : applied.error().text().c_str());
        Quantizer shown = *made->quantizer, inForce = applied->layer("relu1")->slot(Slot::Act)->quantizer.value();
        shown.origin.clear();
        inForce.origin.clear();
        QVERIFY(shown == inForce);
    }

    void refusedActivations_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<QString>("says");
        QTest::newRow("of an export")
            << "digits_fixed_qonnx.onnx"
            << "Uint8ActPerTensorFloat"
            << "the file has the scale of this activation and no threshold to compute another "
               "from; ap_fixed<W,I>, ap_ufixed<W,I> and float need none, and range=max or a "
               "percentile such as range=99.9 takes one from data";
        QTest::newRow("shifted") << "digits_fixed.pt"
                                 << "ShiftedUint8ActPerTensorFloat"
                                 << "its numbers are trained or searched and stored: only the candidate \"file\" shows "
                                    "them";
        QTest::newRow("of weights") << "digits_fixed.pt"
                                    << "Int8WeightPerTensorFloat"
                                    << "it is a preset of slot \"weight\"";
        QTest::newRow("of values") << "digits_fixed.pt"
                                   << "binary"
                                   << "binary quantizes float weights and biases, and there are none here";
        QTest::newRow("too wide") << "digits_fixed.pt"
                                  << "ap_fixed<40,2>"
                                  << "ap_fixed<40,2>: 40 is not a whole number from 1 to 32";
    }

    void refusedActivations()
    {
        QFETCH(QString, file);
        QFETCH(QString, candidate);
        QFETCH(QString, says);
        const auto network = openNetwork(test::sample(file.toStdString()), {}, false);
        const auto made = candidateSlot(*network, *gatherFacts(*network), {network->layer("relu1")->id, Slot::Act},
            candidates({candidate.toStdString()}).front().settings, nullptr, {});
        QVERIFY(!made);
        QCOMPARE(QString::fromStdString(made.error().text), says);
    }

    void aFailingCandidateLeavesNothingBehind()
    {
        const Network network = oneLayer({0.75f, -0.26f, 0.49f, 0.1f});
        const std::string good = "Int8WeightPerTensorFloat,bit_width=4";
        const auto alone = comparedOn(network, {good});
        const auto after = comparedOn(network,
            {"ap_fixed<99,1>", "torch_per_channel_affine,axis=7", "Int8WeightPerTensorFloatMSE", "Int8Bias",
                "Int8WeightPerTensorFloat,scaling_const=-1", good});
        QVERIFY(alone && after);
        QCOMPARE(after->unavailable.size(), std::size_t{5});
        QCOMPARE(after->candidates.size(), std::size_t{2});
        QCOMPARE(*after->candidates[1].slot.quantizer, *alone->candidates[1].slot.quantizer);
        QCOMPARE(after->candidates[1].figures->codesSha256, alone->candidates[1].figures->codesSha256);
        QCOMPARE(after->candidates[0].figures->codesSha256, alone->candidates[0].figures->codesSha256);
    }

    void whatReadingThrowsIsAnError_data()
    {
        QTest::addColumn<int>("what");
        QTest::addColumn<int>("kind");
        QTest::newRow("no memory") << 0 << int(ErrorKind::Io);
        QTest::newRow("a broken file") << 1 << int(ErrorKind::Parse);
        QTest::newRow("anything else") << 2 << int(ErrorKind::Parse);
    }

    /// Nothing is thrown through the threads that try candidates.
    void whatReadingThrowsIsAnError()
    {
        QFETCH(int, what);
        QFETCH(int, kind);
        test::WatchedFile watched({test::weight("fc", {4, 4})});
        const auto network = recoverQuantizers(watched.file);
        QVERIFY(network);
        watched.sources["fc.weight"]->refuse = [what] {
            if (what == 0)
                throw std::bad_alloc();
            if (what == 1)
                throw ParseError("the file is shorter than before");
            throw std::runtime_error("the device is gone");
        };
        const auto result = comparedOn(*network, {"Int8WeightPerTensorFloat,bit_width=4", "binary"});
        QVERIFY(!result);
        QCOMPARE(int(result.error().kind), kind);
    }

    /// No axis holds the output channels: what needs one says so, and everything else is as it is.
    void withoutAChannelAxis()
    {
        std::vector<float> values; // in quarters: under steps of a half every second one lies between two
        for (int quarters = -12; quarters < 12; ++quarters)
            values.push_back(0.25f * static_cast<float>(quarters));
        Network network = *test::recovered({{"fc.weight", {4, 6}, values}}, "");
        network.layers[0].slots[0].channelAxis = -1;
        const auto result = comparedOn(network,
            {"ap_fixed<4,3>", "Int8WeightPerChannelFloat", "torch_per_channel_affine",
                "torch_per_channel_affine,axis=1", "ShiftedUint8WeightPerChannelFloat",
                "Int8WeightPerChannelFixedPoint,bit_width=4"});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QStringList refused, known;
        for (const Unavailable &missing : result->unavailable)
            refused << QString::fromStdString(missing.name + ": " + missing.reason);
        for (const CandidateResult &candidate : result->candidates)
            known << QString::fromStdString(candidate.name);
        const QString why = ": no axis of fc.weight holds the output channels";
        QCOMPARE(refused,
            (QStringList{"Int8WeightPerChannelFloat" + why, "torch_per_channel_affine" + why,
                "ShiftedUint8WeightPerChannelFloat" + why, "Int8WeightPerChannelFixedPoint,bit_width=4" + why}));
        QCOMPARE(known, (QStringList{"file", "ap_fixed<4,3>", "torch_per_channel_affine,axis=1"}));
        const SlotStatistics &figures = *result->candidates[1].figures;
        QCOMPARE(figures.error.signalPower, 72.25); // 1156 / 16
        QCOMPARE(figures.error.errorPower, 0.75); // 12 odd quarters, 1 / 16 each
        QCOMPARE(figures.error.sum, 0.0); // half to even: as many up as down
        QCOMPARE(figures.error.maxAbs, 0.25);
        QCOMPARE(figures.zeroed, std::uint64_t{2}); // -1/4 and 1/4
        QCOMPARE(figures.atLimit, std::uint64_t{0}); // -6 .. 6 of -8 .. 7
        QCOMPARE(figures.codes.used, std::uint64_t{13});
        QVERIFY(figures.clipped == 0);
    }

    /// What a power of two costs is told against one float scale where there are none per channel.
    void powersWithoutChannels()
    {
        Network network = *test::recovered({{"fc.weight", {2, 2}, {0.75f, -0.26f, 0.1f, 0.3f}}}, "");
        const auto table = [&] { return *powerOfTwoTable(network, "fc", Slot::Weight); };
        const auto lostOf = [](const PowerTable &shown, const std::string &rule) {
            for (const PowerRow &row : shown.rows)
                if (std::ranges::find(row.rules, rule) != row.rules.end())
                    return row.lostDb;
            return std::optional<double>();
        };
        QCOMPARE(lostOf(table(), "per channel, float"), std::optional(0.0));
        QVERIFY(lostOf(table(), "per tensor, float") > 0.0);
        QVERIFY(std::ranges::all_of(table().rows, &PowerRow::againstChannels));
        network.layers[0].slots[0].channelAxis = -1;
        QVERIFY(!lostOf(table(), "per channel, float"));
        QCOMPARE(lostOf(table(), "per tensor, float"), std::optional(0.0));
        QVERIFY(std::ranges::none_of(table().rows, &PowerRow::againstChannels));
        QVERIFY(powerText({table()}).find("; dB are lost against one float scale\n") != std::string::npos);
    }

    /// Places in a table are no integers that a scale is missing for.
    void placesInATable()
    {
        const auto network = openNetwork(test::data("torch/llm/bnb_nf4.pt"));
        const auto result = compareCandidates(*network, {"l"}, candidates({"ap_fixed<4,0>"}));
        QVERIFY(!result);
        QCOMPARE(result.error().kind, ErrorKind::Usage);
        QCOMPARE(result.error().message,
            std::string("layer \"l\" holds places in a table of values in slot \"weight\": no scale describes those, "
                        "so there is nothing to compare"));
    }

    void cancellingEndsIt()
    {
        const Network network = oneLayer({0.75f, -0.26f, 0.49f, 0.1f});
        const auto result = compareCandidates(network, {"fc"}, candidates({"Int8WeightPerTensorFloat,bit_width=4"}), {},
            Progress([](std::uint64_t, std::uint64_t) { return false; }));
        QVERIFY(!result);
        QCOMPARE(result.error().kind, ErrorKind::Cancelled);
    }

    /// A graph says its weights' quantizers itself: its biases follow those, not a preset that one would assume.
    void aBiasOfAGraphFollowsItsWeight()
    {
        const auto network = openNetwork(test::sample("digits_fixed_qonnx.onnx"));
        for (const auto &[layer, scale] : {std::pair{"conv1", 0x1p-13f}, {"conv2", 0x1p-12f}, {"fc1", 0x1p-8f}}) {
            const auto result = compared(*network, layer, {"Int16Bias"}, {.slot = Slot::Bias});
            QVERIFY2(result, result ? "" : result.error().text().c_str());
            for (const CandidateResult &shown : result->candidates)
                QCOMPARE(shown.slot.quantizer->scale->values, std::vector<float>{scale});
        }
    }

    /// A bias whose scale is the weight's times the input's follows the weight that is in force, whatever gave it.
    void aBiasFollowsTheWeightInForce()
    {
        const Network network = *test::recovered({{"fc.weight", {1, 2}, {0.75f, -0.5f}}, {"fc.bias", {1}, {0.5f}}},
            test::preset("fc", "weight", "ap_fixed<6,1>") + test::entry("fc", "bias", "input_scale = 0.5"));
        const auto result = compared(network, "fc", {"Int16Bias"}, {.slot = Slot::Bias});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QCOMPARE(result->candidates[1].slot.quantizer->scale->values, std::vector<float>{0x1p-5f * 0.5f});
    }
};

QTEST_GUILESS_MAIN(TestCandidateSlot)
#include "tst_candidate_slot.moc"
