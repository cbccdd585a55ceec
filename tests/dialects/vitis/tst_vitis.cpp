#include "network/dpu_shifts.h"
#include "open/open_network.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include "base/sha256.h"

#include <QTemporaryDir>
#include <QtTest>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace quantscope;

namespace {

using Json = nlohmann::json;

Json expected()
{
    const auto bytes = test::bytesOf(test::data("dpu/expected.json"));
    return Json::parse(
        reinterpret_cast<const char *>(bytes.data()), reinterpret_cast<const char *>(bytes.data()) + bytes.size());
}

Network opened(const std::string &path)
{
    auto network = openNetwork(path);
    if (!network)
        throw std::runtime_error(network.error().text());
    return std::move(*network);
}

const SlotQuantizer &slotOf(const Network &network, const std::string &layer, Slot slot)
{
    const Layer *found = network.layer(layer);
    if (found == nullptr || found->slot(slot) == nullptr)
        throw std::runtime_error(fmt::format("no {} {}", layer, slot));
    return *found->slot(slot);
}

/// "conv1.weight" of a layer and slot, as PyTorch names it.
std::string parameterName(const std::string &layer, Slot slot) { return fmt::format("{}.{}", layer, slot); }

std::string hashOf(const SlotQuantizer &slot)
{
    std::vector<std::int32_t> codes;
    for (const std::int64_t code : test::codesOf(slot))
        codes.push_back(static_cast<std::int32_t>(code));
    return sha256(std::as_bytes(std::span(codes)));
}

int positionOf(const SlotQuantizer &slot) { return static_cast<int>(-std::log2(slot.quantizer->scale->values[0])); }

/// "conv1 cut 9 [0 to 16] bias 5 [-7 to 15]".
std::string shiftsText(const Network &network, bool anyDialect = false)
{
    std::string out;
    const auto text = [](const std::optional<DpuShift> &shift) {
        return shift ? fmt::format("{} [{}]", shift->value, rangeText(*shift)) : std::string("?");
    };
    const Arrivals arrivals(network);
    for (const DpuShifts &shifts : anyDialect ? dpuPositions(arrivals) : dpuShifts(arrivals))
        out += fmt::format(
            "{} cut {} bias {}\n", network.layer(shifts.layer).name, text(shifts.cut), text(shifts.biasShift));
    return out;
}

/// A folder with a copy of the small checkpoint; files of quantize_result/ on demand.
class Folder {
public:
    explicit Folder(const std::vector<std::string> &files)
    {
        for (const std::string &file : files)
            add(file, file.substr(file.rfind('/') + 1));
    }

    void add(const std::string &file, const std::string &name)
    {
        if (!QFile::copy(QString::fromStdString(test::data("dpu/tiny/" + file)),
                m_folder.filePath(QString::fromStdString(name))))
            throw std::runtime_error("cannot copy " + file);
    }
    void write(const std::string &name, const QByteArray &text) const
    {
        QFile file(m_folder.filePath(QString::fromStdString(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            throw std::runtime_error("cannot write " + name);
    }
    std::string path(const std::string &name) const
    {
        return m_folder.filePath(QString::fromStdString(name)).toStdString();
    }

private:
    QTemporaryDir m_folder;
};

} // namespace

/// Vitis AI's files: .xmodel before and after the compiler, and quant_info.json with its checkpoint.
class TestVitis : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void uncompiledCodes()
    {
        const Network network = opened(test::data("dpu/tiny/quantize_result/Tiny_int.xmodel"));
        const Json golden = expected();
        QCOMPARE(std::string(traitsOf(network.dialect).name), std::string("xmodel"));
        for (const char *layer : {"conv1", "conv2", "fc"})
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &found = slotOf(network, layer, slot);
                const std::string name = parameterName(layer, slot);
                QCOMPARE(positionOf(found), golden["positions"][name].get<int>());
                QCOMPARE(hashOf(found), golden["codes"][name].get<std::string>());
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
        QCOMPARE(shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
    }

    void compiledPositions()
    {
        const Network network = opened(test::data("dpu/compiled.xmodel"));
        const Json golden = expected();
        for (const char *layer : {"conv1", "conv2", "fc"})
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &found = slotOf(network, layer, slot);
                QCOMPARE(positionOf(found), golden["positions"][parameterName(layer, slot)].get<int>());
                QVERIFY(!found.isReadable());
            }
        QCOMPARE(test::textsOf(network, "codes-not-stored").size(), std::size_t(1));
        QCOMPARE(shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
    }

    void roundModes()
    {
        const Network network = opened(test::data("dpu/rounding.xmodel"));
        const Json golden = expected();
        QCOMPARE(golden["rounding"].size(), std::size_t(4));
        for (const auto &[layer, codes] : golden["rounding"].items())
            QCOMPARE(test::codesOf(slotOf(network, layer, Slot::Weight)), codes.get<std::vector<std::int64_t>>());
        QCOMPARE(positionOf(slotOf(network, "wide", Slot::Weight)), -1);
        QCOMPARE(std::string(roundingName(slotOf(network, "dpu", Slot::Weight).quantizer->rounding)),
            std::string("DPU_ROUND"));
    }

    void joinsQuantInfo()
    {
        const Folder folder({"tiny.pth", "quantize_result/quant_info.json", "quantize_result/bias_corr.pth"});
        const Json golden = expected();
        for (const char *name : {"tiny.pth", "quant_info.json"}) {
            const Network network = opened(folder.path(name));
            for (const char *layer : {"conv1", "conv2", "fc"})
                for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                    const SlotQuantizer &found = slotOf(network, layer, slot);
                    const std::string parameter = parameterName(layer, slot);
                    QCOMPARE(positionOf(found), golden["positions"][parameter].get<int>());
                    QCOMPARE(hashOf(found), golden["joined"][parameter].get<std::string>());
                    QCOMPARE(found.assumed, std::string_view(layer) != "fc");
                }
            QCOMPARE(test::textsOf(network, "equalization-not-known").size(), std::size_t(1));
            QCOMPARE(positionOf(slotOf(network, "nndct_relu_2", Slot::Act)), 5);
            QCOMPARE(positionOf(slotOf(network, "fc", Slot::Output)), 3); // by the order of bias_corr.pth
        }
    }

    /// With the .xmodel beside: what agrees is confirmed, what was equalized is contradicted and its factors are named.
    void namesTheFactors()
    {
        const Network network = opened(test::data("dpu/tiny/tiny.pth"));
        QCOMPARE(test::textsOf(network, "equalization-not-known").size(), std::size_t(0));
        for (const char *name : {"fc.weight", "fc.bias", "conv2.bias"}) {
            const std::string parameter(name);
            const SlotQuantizer &slot = slotOf(network, parameter.substr(0, parameter.find('.')),
                parameter.ends_with("bias") ? Slot::Bias : Slot::Weight);
            QVERIFY2(slot.proof == ProofVerdict::Confirmed && !slot.assumed, name);
        }
        const auto factors = expected()["factors"].get<std::vector<double>>();
        const auto check = [&](const char *layer, Slot slot, int axis, bool inverse) {
            const SlotQuantizer &found = slotOf(network, layer, slot);
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
        QCOMPARE(shiftsText(network),
            std::string("conv1 cut 10 [0 to 16] bias 5 [-6 to 15]\nconv2 cut 9 [0 to 16] bias 4 [-7 to 15]\n"
                        "fc cut 10 [0 to 16] bias 5 [-6 to 15]\n"));
    }

    void formsOfEntries()
    {
        const Folder folder({"tiny.pth"});
        folder.write("quant_info.json",
            R"({"param": {"T::conv1.weight": [8, -2], "T::conv1.bias": [[8, null]], "T::conv2.weight": [[8, 0.5, 0, 63.5]],
                "T::fc.weight": [[4, 9]], "T::gone.weight": [8, 7]}, "output": {"T::nndct_input_0": null}, "input": {}})");
        const Network network = opened(folder.path("tiny.pth"));
        QCOMPARE(QString::fromStdString(test::layersText(network)),
            QStringLiteral("conv1 Conv2d\n  weight: int8 scale 4, zero 0\n  bias: int8 scale ?, zero 0\n"
                           "conv2 Conv2d\n  weight: uint8 scale 0.5, zero 0\n  bias: unknown\n"
                           "fc Linear\n  weight: int4 scale 0.00195313, zero 0\n  bias: unknown\n"
                           "nndct_input_0 Identity\n  act: unknown\n"));
        QVERIFY(test::textsOf(network, "entry-without-parameter").at(0).find("T::gone.weight") != std::string::npos);
        QVERIFY(
            test::textsOf(network, "parameter-without-entry").at(0).find("conv2.bias, fc.bias") != std::string::npos);
    }

    void biasWithoutCorrection()
    {
        const Folder folder({"tiny.pth", "quantize_result/quant_info.json"});
        const Network network = opened(folder.path("tiny.pth"));
        QVERIFY(!slotOf(network, "fc", Slot::Bias).isReadable());
        QVERIFY(slotOf(network, "fc", Slot::Weight).isReadable());
        QCOMPARE(test::textsOf(network, "bias-not-corrected").size(), std::size_t(3));
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
        const Folder folder({});
        folder.write(name.toStdString(), text);
        const auto network = openNetwork(folder.path(name.toStdString()));
        QVERIFY(!network);
        QVERIFY2(QString::fromStdString(network.error().text()).contains(why), network.error().text().c_str());
    }

    /// Cut off anywhere, and with every byte changed: refused or listed, never more.
    void broken()
    {
        const Folder folder({});
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
        const Folder folder({});
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
        const Network exported = opened(folder + "LeNet_int.onnx"), plain = opened(folder + "LeNet_int.xmodel"),
                      compiled = opened(folder + "LeNet.xmodel"), joined = opened(folder + "lenet.pt");
        const std::map<std::string, std::string> names = {{"conv1", "module_1"}, {"conv2", "module_4"},
            {"fc1", "module_8"}, {"fc2", "module_10"}, {"fc3", "module_12"}};
        for (const auto &[layer, module] : names)
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const SlotQuantizer &there = slotOf(exported, module, slot), &here = slotOf(plain, layer, slot),
                                    &mine = slotOf(joined, layer, slot);
                QCOMPARE(here.shape, there.shape);
                QCOMPARE(hashOf(here), hashOf(there));
                for (const SlotQuantizer *one : {&here, &mine, &slotOf(compiled, layer, slot)})
                    QCOMPARE(positionOf(*one), positionOf(there));
                const bool equalized = layer == "conv1" || (layer == "conv2" && slot == Slot::Weight);
                QCOMPARE(mine.proof == ProofVerdict::Differs, equalized);
                QCOMPARE(mine.equalized.has_value(), equalized);
                if (!equalized)
                    QCOMPARE(hashOf(mine), hashOf(there));
            }
        const std::string shifts = "conv1 cut 9 [0 to 16] bias 5 [-7 to 15]\nconv2 cut 8 [0 to 16] bias 5 [-8 to 15]\n"
                                   "fc1 cut 9 [0 to 16] bias 5 [-7 to 15]\nfc2 cut 8 [0 to 16] bias 4 [-8 to 15]\n"
                                   "fc3 cut 9 [0 to 16] bias 4 [-7 to 15]\n";
        std::string there = shiftsText(exported, true);
        QVERIFY(shiftsText(exported).empty()); // no file of the DPU by its own word
        for (const auto &[layer, module] : names)
            there.replace(there.find(module + " "), module.size(), layer);
        for (const std::string &text : {shiftsText(plain), shiftsText(compiled), shiftsText(joined), there})
            QCOMPARE(text, shifts);
        QCOMPARE(opened(folder + "quant_info_mobilenet.json").layers.size() > 20, true);
        QCOMPARE(positionOf(slotOf(opened(folder + "tf2_custom_op.xmodel"), "quant_conv2d", Slot::Weight)), 14);
    }
};

QTEST_APPLESS_MAIN(TestVitis)
#include "tst_vitis.moc"
