#include "open/open_network.h"
#include "support/dpu_files.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include <QtTest>

#include <fmt/format.h>

using namespace quantscope;

/// Vitis AI's files: .xmodel before and after the compiler, and one real network in all forms.
class TestVitis : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void uncompiledCodes()
    {
        const Network network = test::openedDpu(test::data("dpu/tiny/quantize_result/Tiny_int.xmodel"));
        const nlohmann::json golden = test::dpuExpected();
        QCOMPARE(std::string(traitsOf(network.dialect).name), std::string("xmodel"));
        for (const char *layer : {"conv1", "conv2", "fc"})
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
                const std::string name = fmt::format("{}.{}", layer, slot);
                QCOMPARE(test::positionOf(found), golden["positions"][name].get<int>());
                QCOMPARE(test::dpuHash(found), golden["codes"][name].get<std::string>());
                for (const char *field : {"scale", "bit_width", "signed", "rounding"})
                    QVERIFY2(found.quantizer->origin.at(field).origin == Origin::Read, field);
            }
        QCOMPARE(QString::fromStdString(test::layersText(network)),
            QStringLiteral(
                "input_0 Identity\n  act: int8 scale 0.015625, zero 0\n"
                "conv1 Conv2d\n  weight: int8 scale 0.00195313, zero 0\n  bias: int8 scale 0.000976563, zero 0\n"
                "relu_2 ReLU\n  act: int8 scale 0.03125, zero 0\n"
                "conv2 Conv2d\n  weight: int8 scale 0.00390625, zero 0\n  bias: int8 scale 0.00195313, zero 0\n"
                "relu_4 ReLU\n  act: int8 scale 0.0625, zero 0\n"
                "fc Linear\n  weight: int8 scale 0.00195313, zero 0\n  bias: int8 scale 0.00390625, zero 0\n"
                "  output: int8 scale 0.125, zero 0\n"));
        QCOMPARE(test::shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
        for (const Node &node : network.file->graph->nodes)
            QCOMPARE(node.domain, std::string("xir"));
    }

    void compiledPositions()
    {
        const Network network = test::openedDpu(test::data("dpu/compiled.xmodel"));
        const nlohmann::json golden = test::dpuExpected();
        for (const char *layer : {"conv1", "conv2", "fc"})
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &found = test::dpuSlot(network, layer, slot);
                QCOMPARE(test::positionOf(found), golden["positions"][fmt::format("{}.{}", layer, slot)].get<int>());
                QVERIFY(!found.isReadable());
            }
        QCOMPARE(test::textsOf(network, "codes-not-stored").size(), std::size_t(1));
        QCOMPARE(test::shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
    }

    void roundModes()
    {
        const Network network = test::openedDpu(test::data("dpu/rounding.xmodel"));
        const nlohmann::json golden = test::dpuExpected();
        QCOMPARE(golden["rounding"].size(), std::size_t(4));
        for (const auto &[layer, codes] : golden["rounding"].items())
            QCOMPARE(
                test::codesOf(test::dpuSlot(network, layer, Slot::Weight)), codes.get<std::vector<std::int64_t>>());
        QCOMPARE(test::positionOf(test::dpuSlot(network, "wide", Slot::Weight)), -1);
        QCOMPARE(std::string(roundingName(test::dpuSlot(network, "dpu", Slot::Weight).quantizer->rounding)),
            std::string("DPU_ROUND"));
    }

    /// Transposed, depthwise and volumetric weights stand in PyTorch's order.
    void orders()
    {
        const Network network = test::openedDpu(test::data("dpu/orders.xmodel"));
        const nlohmann::json golden = test::dpuExpected()["orders"];
        QCOMPARE(golden.size(), std::size_t(5));
        for (const auto &[layer, wanted] : golden.items()) {
            const SlotQuantizer &found = test::dpuSlot(network, layer, Slot::Weight);
            QCOMPARE(found.shape, wanted["shape"].get<Shape>());
            QVERIFY2(test::dpuHash(found) == wanted["codes"].get<std::string>(), layer.c_str());
            QVERIFY(!found.channelsLast);
            QCOMPARE(found.channelAxis, network.layer(layer)->kind.starts_with("ConvTranspose") ? 1 : 0);
        }
        QCOMPARE(network.layer("each")->groups, 4);
        QCOMPARE(network.layer("deep")->groups, 4);
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("why");
        const auto row = [](const char *title, const QByteArray &text, const char *name, const char *why) {
            QTest::newRow(title) << text << QString(name) << QString(why);
        };
        row("other JSON", R"({"a": 1})", "quant_info.json", "no quant_info.json");
        row("text entry", R"({"param": {"a": "8"}})", "quant_info.json", "holds a text");
        row("object entry", R"({"param": {"a": {"b": 1}}})", "quant_info.json", "holds an object");
        row("three numbers", R"({"param": {"a": [8, 7, 1]}})", "quant_info.json", "neither 2 nor 4");
        row("a key twice", R"({"param": {"a": [8, 7]}, "output": {}, "param": {"b": [8, 7]}})", "quant_info.json",
            "has the key 'param' twice, of which Python reads the last one alone: leave one of them");
        row("half a position", R"({"param": {"a": [8, 7.5]}})", "quant_info.json", "no whole number");
        row("deep", "{\"param\": {\"a\": " + QByteArray(100000, '[') + "]", "quant_info.json", "nested");
        row("cut off", R"({"param": {"a": [8,)", "quant_info.json", "no valid JSON");
        row("link", "../resnet50/resnet50.xmodel\n", "x.xmodel", "names '../resnet50/resnet50.xmodel'");
        row("no operators", QByteArray::fromHex("0a0454696e79"), "x.xmodel", "no operator");
        row("length past the end", QByteArray::fromHex("0a0454696e792affffff7f"), "x.xmodel", "only");
        row("wrong wire type", QByteArray::fromHex("0a0454696e792805"), "x.xmodel", "wire type");
        row("name is a number", QByteArray::fromHex("0a0454696e792a020805"), "x.xmodel", "wire type");
    }
    void refused()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, name);
        QFETCH(QString, why);
        const test::DpuFolder folder({});
        folder.write(name.toStdString(), text);
        const auto network = openNetwork(folder.path(name.toStdString()));
        QVERIFY(!network);
        QVERIFY2(QString::fromStdString(network.error().text()).contains(why), network.error().text().c_str());
    }

    /// Cut off anywhere, and with every byte changed: refused or listed, never more.
    void broken()
    {
        const test::DpuFolder folder({});
        const auto whole = test::bytesOf(test::data("dpu/compiled.xmodel"));
        const QByteArray bytes(reinterpret_cast<const char *>(whole.data()), static_cast<qsizetype>(whole.size()));
        for (qsizetype at = 0; at < bytes.size(); at += 5) {
            QByteArray changed = at % 2 == 0 ? bytes.left(at) : bytes;
            if (at % 2 == 1)
                changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
            folder.write("x.xmodel", changed);
            const auto network = openNetwork(folder.path("x.xmodel"));
            QVERIFY(network || !network.error().message.empty());
        }
    }

    /// Operators that read each other in a circle have an order all the same.
    void circle()
    {
        const test::DpuFolder folder({});
        const auto op = [](char name, char reads) {
            QByteArray body = QByteArray("\x0a\x01") + name + "\x12\x04relu\x22\x0a\x0a\x05input\x12\x01" + reads;
            return QByteArray("\x2a") + static_cast<char>(body.size()) + body;
        };
        folder.write("x.xmodel", op('a', 'b') + op('b', 'a'));
        const auto network = openNetwork(folder.path("x.xmodel"));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(network->layers.size(), std::size_t(0));
    }

    /// One real network in all its forms, where it lies beside the checkout.
    void realNetwork()
    {
        const std::string folder = test::shared("corpus/real/dpu/");
        if (!QFile::exists(QString::fromStdString(folder + "LeNet_int.xmodel")))
            QSKIP("no real files beside the checkout");
        const Network exported = test::openedDpu(folder + "LeNet_int.onnx"),
                      plain = test::openedDpu(folder + "LeNet_int.xmodel"),
                      compiled = test::openedDpu(folder + "LeNet.xmodel"),
                      joined = test::openedDpu(folder + "lenet.pt");
        const std::map<std::string, std::string> names = {{"conv1", "module_1"}, {"conv2", "module_4"},
            {"fc1", "module_8"}, {"fc2", "module_10"}, {"fc3", "module_12"}};
        for (const auto &[layer, module] : names)
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &there = test::dpuSlot(exported, module, slot),
                                    &here = test::dpuSlot(plain, layer, slot),
                                    &mine = test::dpuSlot(joined, layer, slot);
                QCOMPARE(here.shape, there.shape);
                QCOMPARE(test::dpuHash(here), test::dpuHash(there));
                for (const SlotQuantizer *one : {&here, &mine, &test::dpuSlot(compiled, layer, slot)})
                    QCOMPARE(test::positionOf(*one), test::positionOf(there));
                const bool equalized = layer == "conv1" || (layer == "conv2" && slot == Slot::Weight);
                QCOMPARE(mine.proof == ProofVerdict::Differs, equalized);
                QCOMPARE(mine.equalized.has_value(), equalized);
                if (!equalized)
                    QCOMPARE(test::dpuHash(mine), test::dpuHash(there));
            }
        const std::string shifts = "conv1 cut 9 [0 to 16] bias 5 [-7 to 15]\nconv2 cut 8 [0 to 16] bias 5 [-8 to 15]\n"
                                   "fc1 cut 9 [0 to 16] bias 5 [-7 to 15]\nfc2 cut 8 [0 to 16] bias 4 [-8 to 15]\n"
                                   "fc3 cut 9 [0 to 16] bias 4 [-7 to 15]\n";
        std::string there = test::shiftsText(exported, true);
        QVERIFY(test::shiftsText(exported).empty()); // no file of the DPU by its own word
        for (const auto &[layer, module] : names)
            there.replace(there.find(module + " "), module.size(), layer);
        for (const std::string &text :
            {test::shiftsText(plain), test::shiftsText(compiled), test::shiftsText(joined), there})
            QCOMPARE(text, shifts);
        QCOMPARE(test::openedDpu(folder + "quant_info_mobilenet.json").layers.size() > 20, true);
        QCOMPARE(test::positionOf(
                     test::dpuSlot(test::openedDpu(folder + "tf2_custom_op.xmodel"), "quant_conv2d", Slot::Weight)),
            14);
    }
};

QTEST_APPLESS_MAIN(TestVitis)
#include "tst_vitis.moc"
