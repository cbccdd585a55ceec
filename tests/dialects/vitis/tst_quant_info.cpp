#include "export/export_array.h"
#include "export/export_folder.h"
#include "lab/compare.h"
#include "open/open_network.h"
#include "support/dpu_files.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include <QtTest>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

using namespace quantscope;

/// quant_info.json of vai_q_pytorch with its checkpoint: what meets, what is confirmed, and what was equalized.
class TestQuantInfo : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void joinsQuantInfo()
    {
        const test::DpuFolder folder({"tiny.pth", "quantize_result/quant_info.json", "quantize_result/bias_corr.pth"});
        const nlohmann::json golden = test::dpuExpected();
        for (const char *name : {"tiny.pth", "quant_info.json"}) {
            const Network network = test::openedDpu(folder.path(name));
            for (const char *layer : {"conv1", "conv2", "fc"})
                for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                    const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
                    const std::string parameter = fmt::format("{}.{}", layer, slot);
                    QCOMPARE(test::positionOf(found), golden["positions"][parameter].get<int>());
                    QCOMPARE(test::dpuHash(found), golden["joined"][parameter].get<std::string>());
                    QCOMPARE(found.assumed, std::string_view(layer) != "fc");
                }
            QCOMPARE(test::textsOf(network, "equalization-not-known").size(), std::size_t(1));
            QCOMPARE(test::positionOf(test::dpuSlot(network, "nndct_relu_2", Slot::Act)), 5);
            QCOMPARE(test::positionOf(test::dpuSlot(network, "fc", Slot::Output)), 3); // by the order of bias_corr.pth
        }
    }

    /// With the .xmodel beside: what agrees is confirmed, what was equalized is contradicted and its factors are named.
    void namesTheFactors()
    {
        const Network network = test::openedDpu(test::data("dpu/tiny/tiny.pth"));
        QCOMPARE(test::textsOf(network, "equalization-not-known").size(), std::size_t(0));
        for (const char *name : {"fc.weight", "fc.bias", "conv2.bias"}) {
            const std::string parameter(name);
            const SlotQuantizer &slot = test::dpuSlot(network, parameter.substr(0, parameter.find('.')),
                parameter.ends_with("bias") ? Slot::Bias : Slot::Weight);
            QVERIFY2(slot.proof == ProofVerdict::Confirmed && !slot.assumed, name);
        }
        const auto factors = test::dpuExpected()["factors"].get<std::vector<double>>();
        const auto check = [&](const char *layer, Slot slot, int axis, bool inverse) {
            const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
            QVERIFY(found.proof == ProofVerdict::Differs);
            QVERIFY2(found.equalized.has_value(), found.proofDifference.c_str());
            QCOMPARE(found.equalized->axis, axis);
            QCOMPARE(found.equalized->values.size(), factors.size());
            for (std::size_t i = 0; i < factors.size(); ++i) {
                const double wanted = inverse ? 1 / factors[i] : factors[i];
                QVERIFY2(std::abs(found.equalized->values[i] / wanted - 1) < 0.02, layer);
            }
        };
        check("conv1", Slot::Weight, 0, false);
        check("conv1", Slot::Bias, 0, false);
        check("conv2", Slot::Weight, 1, true);
        QCOMPARE(test::shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
    }

    void formsOfEntries()
    {
        const test::DpuFolder folder({"tiny.pth"});
        folder.write("quant_info.json",
            R"({"param": {"T::conv1.weight": [8, -2], "T::conv1.bias": [[8, null]], "T::conv2.weight": [[8, 0.5, 0, 63.5]],
                "T::fc.weight": [[4, 9]], "T::gone.weight": [8, 7]}, "output": {"T::nndct_input_0": null}, "input": {}})");
        const Network network = test::openedDpu(folder.path("tiny.pth"));
        QCOMPARE(QString::fromStdString(test::layersText(network)),
            QStringLiteral("conv1 Conv2d\n  weight: int8 scale 4, zero 0\n  bias: int8 scale ?, zero 0\n"
                           "conv2 Conv2d\n  weight: int8 scale 0.5, zero 0\n  bias: unknown\n"
                           "fc Linear\n  weight: int4 scale 0.00195313, zero 0\n  bias: unknown\n"
                           "nndct_input_0 Identity\n  act: unknown\n"));
        QVERIFY(test::textsOf(network, "entry-without-parameter").at(0).find("T::gone.weight") != std::string::npos);
        QVERIFY(
            test::textsOf(network, "parameter-without-entry").at(0).find("conv2.bias, fc.bias") != std::string::npos);
    }

    /// The last of one name counts, and a bias is corrected once however many speak of it.
    void entriesOfOneSlot()
    {
        const test::DpuFolder folder({"tiny.pth", "quantize_result/bias_corr.pth"});
        folder.write("quant_info.json",
            R"({"param": {"T::conv1.weight": [8, 9], "T::conv1.bias": [8, 10], "T::conv2.weight": [8, 8],
                "T::conv2.bias": [8, 9], "T::fc.weight": [8, 9], "T::fc.bias": [8, 3], "T::fc.bias": [[8, 8]],
                "Other::fc.bias": [8, 5]}, "output": {}, "bias_corrected": true})");
        const Network network = test::openedDpu(folder.path("tiny.pth"));
        const SlotQuantizer &bias = test::dpuSlot(network, "fc", Slot::Bias);
        QCOMPARE(test::positionOf(bias), 8);
        QCOMPARE(test::dpuHash(bias), test::dpuExpected()["joined"]["fc.bias"].get<std::string>());
        QCOMPARE(QString::fromStdString(test::textsOf(network, "entry-twice").at(0)),
            QString(
                "1 entries of quant_info.json speak of what another one has told and are not used: Other::fc.bias"));
        QCOMPARE(QString::fromStdString(test::textsOf(network, "entry-twice").at(1)),
            QString("quant_info.json has T::fc.bias more than once: the last one counts, as Python reads it, and what "
                    "the earlier ones say is not used"));
    }

    /// [bits, scale, zero point, largest float]: torch's fake quantization, where the largest float tells the sign.
    void otherTargets()
    {
        const test::DpuFolder folder({"tiny.pth"});
        folder.write("quant_info.json",
            R"({"param": {"T::conv1.weight": [8, 0.01, 0, 2.55], "T::conv2.weight": [8, 0.01, 3, 1.27],
                "T::fc.weight": [4, [0.01, 0.02, 0.03, 0.04, 0.05], [0, 0, 0, 0, 0], [0.07, 0.14, 0.21, 0.28, 0.35]]},
                "output": {}})");
        const Network network = test::openedDpu(folder.path("tiny.pth"));
        const SlotQuantizer &fc = test::dpuSlot(network, "fc", Slot::Weight);
        const std::vector<float> values = readFloats(*fc.tensor);
        std::vector<std::int64_t> codes;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const float scale = std::array{0.01f, 0.02f, 0.03f, 0.04f, 0.05f}[i / 16];
            codes.push_back(
                static_cast<std::int64_t>(std::clamp(std::nearbyint(values[i] * (1 / scale)), -8.0f, 7.0f)));
        }
        QCOMPARE(test::codesOf(fc), codes);
        QVERIFY(fc.assumed && fc.quantizer->origin.at("rounding").origin == Origin::Assumed);
        QCOMPARE(test::textsOf(network, "rounding-mode").size(), std::size_t(2));
        QVERIFY(!test::dpuSlot(network, "conv1", Slot::Weight).quantizer->isSigned.value());
        QVERIFY(!test::dpuSlot(network, "conv2", Slot::Weight).isReadable()); // a zero point tells nothing of the range
        QCOMPARE(test::textsOf(network, "not-decoded-yet").size(), std::size_t(1));
    }

    void biasWithoutCorrection()
    {
        const test::DpuFolder folder({"tiny.pth", "quantize_result/quant_info.json"});
        const Network network = test::openedDpu(folder.path("tiny.pth"));
        QVERIFY(!test::dpuSlot(network, "fc", Slot::Bias).isReadable());
        QVERIFY(test::dpuSlot(network, "fc", Slot::Weight).isReadable());
        QCOMPARE(test::textsOf(network, "bias-not-corrected").size(), std::size_t(3));
    }

    /// Positions that follow from equalized weights alone prove the misfit: the layers that it changes, and no other.
    void positionsProveEqualization()
    {
        const Network network = test::openedDpu(test::data("dpu/equalized/chain.pth"));
        const nlohmann::json golden = test::dpuExpected()["equalized"];
        const auto divisors = golden["divisors"].get<std::vector<std::vector<double>>>();
        QCOMPARE(test::textsOf(network, "equalization-not-known").size(), std::size_t(0));
        QCOMPARE(test::textsOf(network, "position-differs").size(), std::size_t(0));
        const auto check = [&](const char *layer, Slot slot, int axis, const std::vector<double> &by, bool inverse) {
            const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
            QVERIFY2(found.proof == ProofVerdict::Differs, layer);
            QCOMPARE(found.proofBy, std::string("quant_info.json"));
            QCOMPARE(found.equalized->axis, axis);
            QCOMPARE(found.equalized->values.size(), by.size());
            for (std::size_t i = 0; i < by.size(); ++i)
                QVERIFY2(std::abs(found.equalized->values[i] * (inverse ? by[i] : 1 / by[i]) - 1) < 1e-6, layer);
            QVERIFY(QString::fromStdString(exportObstacle(found)).startsWith("is not what quant_info.json says: "));
        };
        check("conv1", Slot::Weight, 0, divisors[0], true);
        check("conv1", Slot::Bias, 0, divisors[0], true);
        check("conv2", Slot::Weight, 0, divisors[1], true); // and the inverse of the first on its inputs
        check("conv2", Slot::Bias, 0, divisors[1], true);
        check("conv3", Slot::Weight, 1, divisors[1], false);
        const auto said = test::textsOf(network, "equalized");
        QCOMPARE(said.size(), std::size_t(5));
        QVERIFY2(QString::fromStdString(said[0]).startsWith(
                     "conv1 weight does not fit quant_info.json: vai_q_pytorch equalized conv1, conv2, conv3 before it "
                     "rounded, as the positions show (conv1 weight has position 8, and 7 is that of this checkpoint's "
                     "values; conv2 bias has position 8, and 9 is that of this checkpoint's values, by its rule"),
            said[0].c_str());
        for (const auto &[layer, slot] :
            {std::pair("conv3", Slot::Bias), std::pair("fc", Slot::Weight), std::pair("fc", Slot::Bias)}) {
            const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
            QVERIFY2(found.proof == ProofVerdict::None && !found.assumed, layer);
        }
    }

    /// The same network where the quantizer was told not to equalize: nothing is accused, and nothing certain.
    void positionsSpeakAgainstEqualization()
    {
        const Network network = test::openedDpu(test::data("dpu/alone/chain.pth"));
        QCOMPARE(test::textsOf(network, "equalized").size(), std::size_t(0));
        const auto said = test::textsOf(network, "equalization-not-known");
        QCOMPARE(said.size(), std::size_t(1));
        QVERIFY2(QString::fromStdString(said[0]).contains("those of this checkpoint's own values"), said[0].c_str());
        QVERIFY(test::dpuSlot(network, "conv1", Slot::Weight).assumed);
        QVERIFY(!test::dpuSlot(network, "conv3", Slot::Bias).assumed);
        QVERIFY(!test::dpuSlot(network, "fc", Slot::Weight).assumed);
    }

    /// One real network without what the quantizer exported: the codes of an export tell which slots must be accused.
    void realCheckpointAlone()
    {
        const std::string from = test::shared("corpus/real/dpu/");
        if (!QFile::exists(QString::fromStdString(from + "lenet.pt")))
            QSKIP("no real files beside the checkout");
        const test::DpuFolder folder({"lenet.pt", "quant_info.json", "bias_corr.pth"}, from);
        const Network alone = test::openedDpu(folder.path("lenet.pt")),
                      exported = test::openedDpu(from + "LeNet_int.xmodel");
        for (const char *layer : {"conv1", "conv2", "fc1", "fc2", "fc3"})
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &here = test::dpuSlot(alone, layer, slot);
                const bool fits = test::dpuHash(here) == test::dpuHash(test::dpuSlot(exported, layer, slot));
                QCOMPARE(here.proof == ProofVerdict::Differs, !fits);
                QVERIFY2(!here.assumed, layer);
            }
        for (const std::string &text : test::textsOf(alone, "equalized"))
            QVERIFY2(QString::fromStdString(text).contains("so that these codes do not fit"), text.c_str());
        QCOMPARE(test::textsOf(alone, "equalized").size(), std::size_t(3));
    }

    /// What fits is exported with the DPU's own codes, and nothing of what does not.
    void exportsWhatFits()
    {
        QTemporaryDir folder;
        const Network network = test::openedDpu(test::data("dpu/equalized/chain.pth"));
        const auto report = exportLayers(network, test::requestFor(folder.filePath("out")));
        QVERIFY2(report, report ? "" : report.error().message.c_str());
        const nlohmann::json golden = test::dpuExpected()["equalized"]["codes"],
                             manifest = test::golden(folder.filePath("out/manifest.json").toStdString());
        QStringList written;
        for (const nlohmann::json &tensor : manifest["tensors"]) {
            const std::string name = tensor["layer"].get<std::string>() + "." + tensor["slot"].get<std::string>();
            QVERIFY2(tensor["codes_sha256_i32"] == golden[name], name.c_str());
            written << QString::fromStdString(name);
        }
        QCOMPARE(written, (QStringList{"conv3.bias", "fc.weight", "fc.bias"}));
        const auto refused = exportLayers(network, test::requestFor(folder.filePath("none"), {"conv1"}));
        QVERIFY(!refused && refused.error().kind == ErrorKind::Proof);
        QVERIFY2(QString::fromStdString(refused.error().message)
                     .startsWith("conv1 weight is not what quant_info.json says: vai_q_pytorch equalized conv1"),
            refused.error().message.c_str());
    }

    /// A candidate of the lab beside the file's own quantizer: the same fixed point gives the same codes.
    void compares()
    {
        const Network network = test::openedDpu(test::data("dpu/equalized/chain.pth"));
        const auto candidate = parseCandidate("ap_fixed<8,0>"); // position 8
        QVERIFY(candidate);
        const auto compared = compareCandidates(network, {"fc", "conv1"}, {*candidate}, {.hash = true});
        QVERIFY2(compared, compared ? "" : compared.error().message.c_str());
        const auto golden = test::dpuExpected()["equalized"]["codes"]["fc.weight"].get<std::string>();
        for (const CandidateResult &one : compared->front().candidates)
            QCOMPARE(one.figures->codesSha256, golden);
        QVERIFY(!compared->front().againstQuantized);
        QCOMPARE(compared->back().candidates.size(), std::size_t(2));
    }

    /// A recipe and quant_info.json do not mix: who is asked for by name wins, and the other one is said to be unused.
    void recipes()
    {
        test::DpuFolder folder({"chain.pth", "quant_info.json", "bias_corr.pth"}, test::data("dpu/equalized/"));
        folder.write("own.toml", "[[quantizer]]\nmatch = \"*\"\npreset = \"Int8WeightPerTensorFloat\"\n");
        const std::string model = folder.path("chain.pth"), own = folder.path("own.toml");
        const auto said = [](const Network &network, const char *rule) {
            return QString::fromStdString(test::textsOf(network, rule).at(0));
        };
        const auto recipe = openNetwork(model, own);
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        QVERIFY(recipe->dialect != Dialect::VitisQuantInfo);
        QVERIFY(said(*recipe, "quant-info-unused").contains("the recipe says the quantizers"));
        const auto both = openNetwork(model, own, false, {}, {}, folder.path("quant_info.json"));
        QVERIFY2(both, both ? "" : both.error().text().c_str());
        QCOMPARE(said(*both, "recipe-unused"),
            QString("the recipe own.toml is not used: quant_info.json says the quantizers"));
        QCOMPARE(test::layersText(*both), test::layersText(test::openedDpu(model)));
        QVERIFY(both->recipe.empty());
    }

    void besideAndDamaged_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("said");
        const QString unused = "quant_info.json beside the file is not used: ";
        QTest::newRow("a position between two") << QByteArray(R"({"param": {"Chain::conv1.weight": [8, 8.5]}})")
                                                << unused
                + "its entry 'Chain::conv1.weight' has a position that is no whole number: vai_q_pytorch writes "
                  "[bits, position], alone or in a list";
        QTest::newRow("of another network") << QByteArray(R"({"param": {"Net::a.weight": [8, 8]}})")
                                            << unused + "it names 1 parameters, and 0 of them are in this file";
    }

    void besideAndDamaged()
    {
        QFETCH(QByteArray, text);
        const test::DpuFolder folder({"chain.pth"}, test::data("dpu/equalized/"));
        folder.write("quant_info.json", text);
        const auto network = openNetwork(folder.path("chain.pth"));
        QVERIFY(network);
        QTEST(QString::fromStdString(test::textsOf(*network, "quant-info-unused").at(0)), "said");
    }

    /// Another training of the same network: its positions are not those of the file.
    void otherCheckpoint()
    {
        const test::DpuFolder folder({"tiny.pth", "quantize_result/bias_corr.pth"});
        folder.write("quant_info.json",
            R"({"param": {"Tiny::conv1.weight": [8, 9], "Tiny::conv1.bias": [8, 10], "Tiny::conv2.weight": [8, 9],
                "Tiny::conv2.bias": [8, 9], "Tiny::fc.weight": [8, 5], "Tiny::fc.bias": [8, 3]}, "output": {},
                "bias_corrected": true})");
        const Network network = test::openedDpu(folder.path("tiny.pth"));
        const auto said = test::textsOf(network, "position-differs");
        QCOMPARE(said.size(), std::size_t(1)); // a bias may have been moved to a smaller position
        QVERIFY2(
            QString::fromStdString(said[0]).startsWith("fc weight: position 5 of quant_info.json is none of 9 to 12"),
            said[0].c_str());
        QVERIFY(test::dpuSlot(network, "fc", Slot::Weight).assumed);
        QVERIFY(!test::dpuSlot(network, "fc", Slot::Bias).assumed);
    }
};

QTEST_APPLESS_MAIN(TestQuantInfo)
#include "tst_quant_info.moc"
