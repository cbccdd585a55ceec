// The model has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "lab/lab_candidates.h"
#include "lab/network_totals.h"
#include "lab/power_of_two.h"
#include "open/open_network.h"
#include "quant/code_reader.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <cmath>
#include <limits>
#include <set>

#include <QtTest>

using namespace quantscope;
using test::candidates, test::compared, test::goldenRecipe, test::oneLayer;

class TestLab : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void blocks_data()
    {
        QTest::addColumn<qulonglong>("words");
        QTest::addColumn<int>("bits");
        QTest::addColumn<qulonglong>("blocks");
        const auto row = [](qulonglong words, int bits, qulonglong blocks) {
            QTest::addRow("%llu x %d", words, bits) << words << bits << blocks;
        };
        row(0, 8, 0);
        row(1, 1, 1);
        row(16384, 1, 1);
        row(16385, 1, 2);
        row(512, 36, 1);
        row(513, 36, 2); // 1K x 18 twice
        row(4608, 6, 3); // 2K x 9 three times, 8K x 2 three times
        row(4608, 3, 2); // 8K x 2 twice, side by side
        row(3000, 4, 1);
        row(2049, 18, 3);
        row(100, 64, 2);
    }

    /// By hand, from the shapes that UG473 gives a block of 18 kbit.
    void blocks()
    {
        QFETCH(qulonglong, words);
        QFETCH(int, bits);
        QTEST(static_cast<qulonglong>(blockRams(words, bits)), "blocks");
    }

    /// Of the sample: what compare says of each layer, added up here.
    void totals()
    {
        const auto network = openNetwork(test::sample("digits_fixed.pt"));
        QVERIFY(network);
        Inspection inspection;
        inspection.network = std::make_shared<const Network>(*network);
        QVERIFY(!totalsOf(inspection).complete);
        QVERIFY(!allocationInForce(inspection, {"conv1", "fc1"}, Slot::Weight));
        std::uint64_t bits = 0, blocks = 0;
        std::optional<double> worst;
        std::string layer;
        Allocation two;
        for (const Slot slot : {Slot::Weight, Slot::Bias})
            for (const std::string &name : comparableLayers(*network, slot)) {
                const auto all = compareCandidates(*network, {name}, {}, {.slot = slot});
                QVERIFY2(all, all ? "" : all.error().text().c_str());
                const CandidateResult &file = all->front().candidates.front();
                bits += file.bits();
                blocks += blockRams(file.slot.tensor->count(), *file.slot.quantizer->bitWidth);
                inspection.statistics[{network->layer(name)->id, slot}]
                    = std::make_shared<const SlotStatistics>(*file.figures);
                if (slot == Slot::Weight && (!worst || *file.figures->error.sqnrDb() < *worst)) {
                    worst = file.figures->error.sqnrDb();
                    layer = name;
                }
                if (slot == Slot::Weight && (name == "conv1" || name == "fc1")) {
                    two.bits += file.bits();
                    two.errorPower += file.figures->error.errorPower;
                    two.signalPower += file.figures->error.signalPower;
                }
            }
        const NetworkTotals totals = totalsOf(inspection);
        QVERIFY(totals.complete);
        QCOMPARE(totals.bits, bits);
        QCOMPARE(totals.blocks, blocks);
        QCOMPARE(totals.worstDb, worst);
        QCOMPARE(totals.worstLayer, layer);
        const auto found = allocationInForce(inspection, {"conv1", "fc1"}, Slot::Weight);
        QVERIFY(found);
        QCOMPARE(found->bits, two.bits);
        QCOMPARE(found->sqnrDb(), two.sqnrDb());
        QVERIFY(found->points.empty());
    }

    void refused_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *text, const char *says) { QTest::newRow(text) << text << says; };
        row("ap_fixed<6,0>,axis=7", "axis has no effect on ap_fixed<6,0>");
        row("torch_per_tensor_affine,narrow_range=true", "has no effect");
        row("torch_per_tensor_affine,axis=1", "axis has no effect");
        row("binary,bit_width=4", "bit_width has no effect on binary");
        row("ternary,threshold=0.1", "threshold has no effect on ternary");
        row("Int8WeightPerTensorFloat,axis=1", "axis has no effect");
        row("Fp8e4m3WeightPerTensorFloat,bit_width=4", "its width is fixed");
        row("Int8WeightPerTensorFloat,quant_type=binary,bit_width=4", "its width is fixed");
        row("Int8WeightPerTensorFloat,bit_width=4,bit_width=6", "stands twice");
        row("file,bit_width=4", "has no effect on file");
        row("Int8WeightPerTensorFloat,range=max",
            "range has no effect on Int8WeightPerTensorFloat: it is the threshold of");
        row("ap_ufixed<8,2>,range=max", "range has no effect on ap_ufixed<8,2>");
        row("ShiftedUint8ActPerTensorFloat,range=max", "its threshold alone does not make its numbers");
        row("Uint8ActPerTensorFloat,range=100.5", "is neither max nor a percentile above 0 and up to 100");
        row("Uint8ActPerTensorFloat,range=0", "is neither max nor a percentile");
        row("Uint8ActPerTensorFloat,range=nan", "is neither max nor a percentile");
        row("Uint8ActPerTensorFloat,range=max,range=99", "range stands twice");
        row("Uint8ActPerTensorFloat,range=max,scaling_init=3", "range and scaling_init both give the threshold");
        row("Int8WeightPerTensorFloatMSE", "trained or searched and stored");
        row("Int8WeightPerTensorFloat,scaling_impl_type=parameter", "trained or searched and stored");
        row("Int8WeightPerChannelFloatDecoupled", "trained or searched and stored");
        row("Int8BiasPerTensorFixedPointInternalScaling", "preset of slot \"bias\"");
        row("SignedBinaryActPerTensorConst", "preset of slot \"act\"");
        row("Int8WeightPerTensorFloatHQO", "Brevitas 0.10.2 does not have it");
        row("ap_fixed<32,-120>", "below 2^-149");
        row("ap_fixed<33,0>", "from 1 to 32");
    }

    void refused()
    {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto parsed = parseCandidate(text.toStdString());
        std::string message = parsed ? "" : parsed.error().message;
        if (parsed) {
            const auto all = compareCandidates(oneLayer({1, 2, 3}), {"fc"}, {*parsed});
            QVERIFY(!all);
            QCOMPARE(all.error().kind, ErrorKind::Usage);
            message = all.error().message;
        }
        QVERIFY2(QString::fromStdString(message).contains(says), message.c_str());
    }

    /// What data gave is a constant; the text stays, and so does the range in widths and families.
    void rangesOfActivations()
    {
        const auto wide = atWidths(candidates({"Uint8ActPerTensorFloat,range=99.90,bit_width=8"}), 3, 4);
        QCOMPARE(wide.size(), std::size_t{2});
        QCOMPARE(wide[1].text, std::string("Uint8ActPerTensorFloat,bit_width=4,range=99.9"));
        QCOMPARE(wide[1].range, std::optional(DataRange{99.9}));
        QCOMPARE(candidateFamily(wide[1].text), std::string("Uint8ActPerTensorFloat,range=99.9"));
        const CandidateText known = withRange(wide[1], 3.7f);
        QCOMPARE(known.text, wide[1].text);
        QCOMPARE(settingsText(known.settings),
            std::string("Uint8ActPerTensorFloat,bit_width=4,scaling_impl_type=const,scaling_init=3.7"));
        QVERIFY(!known.range);
        QCOMPARE(candidates({"Int8ActPerTensorFixedPoint,range=max"}).front().range, std::optional(DataRange{100}));
    }

    /// A stored scale for the whole tensor used to end the comparison: '3 scales have no axis'.
    void offersWhatFollowsFromTheWeights_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::newRow("stored scales") << "w_mse"
                                       << "c0";
        QTest::newRow("decoupled") << "w_scaled_int"
                                   << "";
    }

    void offersWhatFollowsFromTheWeights()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        const std::string path = test::data("brevitas/0.10.2/" + file.toStdString() + ".pt");
        const auto network = recoverQuantizers(*openModel(path), *parseRecipe(goldenRecipe(file.toStdString()), "g"));
        QVERIFY(network);
        for (const std::string &name : comparableLayers(*network, Slot::Weight)) {
            const SlotQuantizer &slot = *network->layer(name)->slot("weight");
            const auto all = compareCandidates(*network, {name}, offeredCandidates(slot),
                {.slot = Slot::Weight, .hash = false, .skipUnavailable = true});
            QVERIFY2(all, all ? "" : all.error().text().c_str());
            QVERIFY(all->front().candidates.size() > 10);
            for (const CandidateResult &candidate : all->front().candidates)
                QVERIFY2(candidate.name.find("MSE") == std::string::npos
                        && candidate.name.find("Decoupled") == std::string::npos,
                    candidate.name.c_str());
        }
    }

    void versionsOffer_data()
    {
        QTest::addColumn<int>("version");
        QTest::addColumn<bool>("perChannel");
        QTest::newRow("0.6.0") << 60 << false;
        QTest::newRow("0.8.0") << 80 << true;
    }

    void versionsOffer()
    {
        QFETCH(int, version);
        QFETCH(bool, perChannel);
        bool found = false;
        const Network network = oneLayer({1, 2, 3});
        for (const CandidateText &candidate : offeredCandidates(*network.layer("fc")->slot("weight"), version))
            found = found || candidate.settings.preset == "Int8WeightPerChannelFloat";
        QCOMPARE(found, perChannel);
    }

    void widths_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("wanted");
        QTest::newRow("a preset") << "Int8WeightPerTensorFloat"
                                  << QStringList{"Int8WeightPerTensorFloat,bit_width=2",
                                         "Int8WeightPerTensorFloat,bit_width=3"};
        QTest::newRow("its own width given") << "Int8WeightPerTensorFloat,bit_width=7,sigma=2"
                                             << QStringList{"Int8WeightPerTensorFloat,sigma=2,bit_width=2",
                                                    "Int8WeightPerTensorFloat,sigma=2,bit_width=3"};
        QTest::newRow("fixed point") << "ap_fixed<6, 0>,bit_width=4" << QStringList{"ap_fixed<2,0>", "ap_fixed<3,0>"};
        QTest::newRow("no width") << "ternary" << QStringList{"ternary"};
        QTest::newRow("minifloat") << "Fp8e4m3Weight" << QStringList{"Fp8e4m3Weight"};
        QTest::newRow("constant") << "SignedTernaryWeightPerTensorConst"
                                  << QStringList{"SignedTernaryWeightPerTensorConst"};
        QTest::newRow("the file's own") << "file" << QStringList{};
    }

    void widths()
    {
        QFETCH(QString, text);
        QFETCH(QStringList, wanted);
        QStringList found;
        for (const CandidateText &candidate : atWidths(candidates({text.toStdString()}), 2, 3))
            found << QString::fromStdString(candidate.text);
        QCOMPARE(found, wanted);
    }

    /// Where the float32 limit lies one above the last code, the code is the last one all the same.
    void saturatesAtTheLastCode_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("code");
        QTest::newRow("28 bits") << "ap_fixed<28,-1>" << qint64(134217727); // 2^27 - 1
        QTest::newRow("26 bits") << "ap_fixed<26,-1>" << qint64(33554431);
        QTest::newRow("32 bits") << "ap_fixed<32,-1>" << qint64(2147483647);
        QTest::newRow("unsigned") << "ap_ufixed<28,-1>" << qint64(268435455);
        QTest::newRow("few bits") << "ap_fixed<6,-1>" << qint64(31);
    }

    void saturatesAtTheLastCode()
    {
        QFETCH(QString, text);
        QFETCH(qint64, code);
        const auto result = compared(oneLayer({1.0f, 0.0f}), "fc", {text.toStdString()});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        std::int64_t codes[2] = {};
        CodeReader(result->candidates[1].slot).integers(0, codes);
        QCOMPARE(qint64(codes[0]), code);
        QCOMPARE(qint64(result->candidates[1].figures->codesMax), code);
        QVERIFY(result->candidates[1].figures->codesSha256.has_value());
    }

    void countsCodesOfWideWords_data()
    {
        QTest::addColumn<int>("width");
        for (const int width : {16, 17, 20, 24, 25, 32})
            QTest::addRow("%d bits", width) << width;
    }

    /// Against a set of the codes themselves.
    void countsCodesOfWideWords()
    {
        QFETCH(int, width);
        const auto network = openNetwork(test::sample("digits_float.pt"));
        const auto result = compared(*network, "fc1", {"ap_fixed<" + std::to_string(width) + ",0>"});
        QVERIFY(result);
        const CandidateResult &mine = result->candidates[1];
        std::vector<std::int64_t> codes(mine.figures->count);
        CodeReader(mine.slot).integers(0, codes);
        QVERIFY(mine.figures->codes.usedKnown);
        QCOMPARE(mine.figures->codes.used, std::uint64_t(std::set(codes.begin(), codes.end()).size()));
    }

    /// All values are a tiny part of the floats: the cosine must not come from a difference of large sums.
    void cosineOfTinyValues()
    {
        const auto network = openNetwork(test::sample("digits_float.pt"));
        const auto result = compared(*network, "fc1", {"ap_fixed<8,-26>"});
        QVERIFY(result);
        const CandidateResult &mine = result->candidates[1];
        const std::vector<float> w = readFloats(*mine.slot.tensor);
        std::vector<float> v(w.size());
        CodeReader(mine.slot).values(0, v);
        long double product = 0, signal = 0, power = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
            product += static_cast<long double>(w[i]) * static_cast<long double>(v[i]);
            signal += static_cast<long double>(w[i]) * static_cast<long double>(w[i]);
            power += static_cast<long double>(v[i]) * static_cast<long double>(v[i]);
        }
        const auto expected = static_cast<double>(product / std::sqrt(signal) / std::sqrt(power));
        QVERIFY(std::abs(*mine.figures->error.cosine() - expected) < 1e-12);
    }

    void notFinite_data()
    {
        QTest::addColumn<float>("value");
        QTest::newRow("nan") << std::numeric_limits<float>::quiet_NaN();
        QTest::newRow("inf") << std::numeric_limits<float>::infinity();
        QTest::newRow("-inf") << -std::numeric_limits<float>::infinity();
    }

    void notFinite()
    {
        QFETCH(float, value);
        const auto result = compared(oneLayer({0.5f, value, -0.25f}), "fc",
            {"ap_fixed<6,0>", "ternary", "binary", "torch_per_tensor_affine", "Int8WeightPerTensorFloat"});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QCOMPARE(result->candidates[1].figures->nonFinite, std::uint64_t(1));
        for (std::size_t i = 2; i < result->candidates.size(); ++i) {
            QVERIFY2(!result->candidates[i].figures, result->candidates[i].name.c_str());
            QCOMPARE(result->candidates[i].note, std::string("its scale is not finite"));
        }
        QCOMPARE(result->best(), std::vector<std::size_t>{1});
    }

    void quantizedFilesAreTheirOwnEqual()
    {
        const auto network = openNetwork(test::sample("digits_fixed_qcdq.onnx"));
        const auto result = compared(*network, "conv2", {"ap_fixed<6,0>", "ap_fixed<4,0>"});
        QVERIFY(result);
        QCOMPARE(result->ranks(), (std::vector<std::size_t>{1, 1, 3}));
        QVERIFY(std::abs(result->candidates[0].figures->error.cosine().value() - 1) < 1e-12);
        QVERIFY(result->candidates[0].figures->error.isExact());
    }

    /// External presets follow from the weight's scale and from what the recipe says about the input.
    void biasesFollowTheirInput()
    {
        const Network network = *test::recovered({test::weight("fc", {2, 4}), {"fc.bias", {2}, {0.5f, -0.25f}}},
            test::preset("fc", "weight", "Int8WeightPerTensorFixedPoint")
                + test::entry("fc", "bias", "preset = \"Int16Bias\"\ninput_scale = 0.5"));
        const SlotQuantizer &slot = *network.layer("fc")->slot("bias");
        const auto all = compareCandidates(
            network, {"fc"}, offeredCandidates(slot), {.slot = Slot::Bias, .hash = false, .skipUnavailable = true});
        QVERIFY(all);
        QStringList names;
        for (const CandidateResult &candidate : all->front().candidates) {
            names << QString::fromStdString(candidate.name);
            if (candidate.name == "Int32Bias")
                QCOMPARE(candidate.slot.quantizer->scale, slot.quantizer->scale);
        }
        QVERIFY2(names.contains("Int32Bias") && names.contains("Int8BiasPerTensorFloatInternalScaling,bit_width=16"),
            qPrintable(names.join(' ')));
    }

    /// Hand-worked: absmax 0.75 over 127 is 2^-7.40; rounded down 2^-7 holds 0.75 as 96, rounded up 2^-8 saturates it.
    void powersOfTwo()
    {
        const auto table = powerOfTwoTable(oneLayer({0.75f, -0.26f, 0.49f}), "fc", Slot::Weight);
        QVERIFY2(table, table ? "" : table.error().text().c_str());
        QVERIFY(std::abs(*table->fracBits - std::log2(127 / 0.75)) < 1e-6);
        std::map<std::string, std::string> rules;
        for (const PowerRow &row : table->rows)
            rules[row.result.name] += row.rule() + ";";
        QCOMPARE(rules["ap_fixed<8,1>"], std::string("nearest, ceil, least MSE;"));
        QCOMPARE(rules["ap_fixed<8,0>"], std::string("floor;"));
        QCOMPARE(rules["Int8WeightPerTensorFloat"], std::string("per tensor, float;"));
    }
};

QTEST_GUILESS_MAIN(TestLab)
#include "tst_lab.moc"
