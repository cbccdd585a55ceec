#include "base/sha256.h"
#include "lab/compare.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "support/golden.h"
#include "support/inspected.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QTemporaryDir>

#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace quantscope;
using nlohmann::json;

namespace {

std::string llm(const QString &name) { return test::data("torch/llm/" + name.toStdString()); }

json inspected(const Network &network)
{
    const InspectOptions options{.hash = true};
    const auto inspection = inspect(std::make_shared<const Network>(network), options);
    return inspection ? test::slotOf(json::parse(inspectJson(*inspection, options).dump()), "l", "weight") : json();
}

template <class T> std::string sha256Of(const std::vector<T> &values)
{
    return sha256(std::as_bytes(std::span(values)));
}

/// The codes that the golden's hash is of, in the type that stores them.
std::vector<std::int64_t> codesOf(const Network &network)
{
    const SlotQuantizer *slot = network.layer("l") == nullptr ? nullptr : network.layer("l")->slot(Slot::Weight);
    return slot == nullptr ? std::vector<std::int64_t>() : readIntegers(*slot->tensor);
}

std::string asBytes(const std::vector<std::int64_t> &codes)
{
    std::vector<std::uint8_t> bytes;
    for (const std::int64_t code : codes)
        bytes.push_back(static_cast<std::uint8_t>(code));
    return sha256Of(bytes);
}

std::vector<float> floatsOf(const Network &network, const std::string &name)
{
    return readFloats(network.file->tensors[network.file->find(name).value()]);
}

/// (code - zero point) * scale by the layout of the golden: groups of inputs, [in][out].
std::vector<float> groupedValues(
    const std::vector<std::int64_t> &codes, const json &layer, const std::vector<float> &scales)
{
    const auto outputs = layer["out_features"].get<std::size_t>(), group = layer["group_size"].get<std::size_t>();
    const auto zeros = layer["zeros"].get<std::vector<float>>();
    std::vector<float> values;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::size_t at = i / outputs / group * outputs + i % outputs;
        values.push_back((static_cast<float>(codes[i]) - zeros[at]) * scales[at] + 0.0f);
    }
    return values;
}

QStringList textsOf(const Network &network)
{
    QStringList out;
    for (const Diagnostic &d : network.diagnostics)
        out << QString::fromStdString(d.rule + ": " + d.text);
    return out;
}

test::StateTensor floats(const std::string &name, Shape shape, float value)
{
    const std::size_t count = elementCount(shape);
    return {name, std::move(shape), std::vector<float>(count, value)};
}

/// Words of zeros, and whatever else is given.
Network packed(std::vector<std::pair<std::string, Shape>> words, const std::vector<test::StateTensor> &others,
    const std::vector<std::int32_t> &groups = {})
{
    auto file = std::make_shared<ModelFile>();
    file->path = "memory.safetensors";
    file->format = "safetensors";
    for (auto &[name, shape] : words)
        file->tensors.push_back(*memoryTensor(
            name, DType::Int32, shape, std::span<const std::int32_t>(std::vector<std::int32_t>(elementCount(shape)))));
    for (const test::StateTensor &given : others)
        file->tensors.push_back(*floatTensor(given.name, given.shape, given.values));
    if (!groups.empty())
        file->tensors.push_back(*memoryTensor("l.g_idx", DType::Int32, {static_cast<std::int64_t>(groups.size())},
            std::span<const std::int32_t>(groups)));
    file->buildIndex();
    return recoverQuantizers(file).value_or(Network());
}

} // namespace

/// Files whose packing the published code of each library made, or undoes.
class TestPackedWeights : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goldens_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"gptq_2bit", "gptq_3bit", "gptq_4bit", "gptq_8bit", "awq_gemm"})
            for (const char *ending : {".pt", ".safetensors"})
                QTest::newRow(qPrintable(QString(name) + ending)) << QString(name) + ending;
    }

    void goldens()
    {
        QFETCH(QString, name);
        const json layer = test::golden(llm(name + ".golden.json"))["layers"][0];
        const auto network = openNetwork(llm(name));
        QVERIFY(network);
        const std::vector<std::int64_t> codes = codesOf(*network);
        QCOMPARE(asBytes(codes), layer["codes_sha256"].get<std::string>());
        const json found = inspected(*network);
        const std::int64_t in = layer["in_features"], out = layer["out_features"], group = layer["group_size"];
        QCOMPARE(found["shape"], json({in, out}));
        QCOMPARE(found["bit_width"], layer["bits"]);
        QCOMPARE(found["signed"], json(false));
        QCOMPARE(found["block_size"], json(group));
        QCOMPARE(found["scale"]["shape"], json({in / group, out}));
        QCOMPARE(found["codes_sha256_i32"].get<std::string>(),
            sha256Of(std::vector<std::int32_t>(codes.begin(), codes.end())));
        QCOMPARE(found["value_sha256"].get<std::string>(),
            sha256Of(groupedValues(codes, layer, floatsOf(*network, "l.scales"))));
        QCOMPARE(found["assumed"], json(name.startsWith("gptq")));
        QCOMPARE(network->layers.front().slot(Slot::Weight)->channelAxis, 1);
    }

    /// A candidate of the lab works on the values that the codes stand for: PyTorch's observer, hand-worked.
    void candidates()
    {
        const auto network = openNetwork(llm("awq_gemm.pt"));
        const auto candidate = parseCandidate("torch_per_tensor_affine");
        QVERIFY(network && candidate);
        const auto compared = compareCandidates(*network, {"l"}, {*candidate}, {.hash = true});
        QVERIFY2(compared, compared ? "" : compared.error().message.c_str());
        const json layer = test::golden(llm("awq_gemm.pt.golden.json"))["layers"][0];
        const std::vector<float> values = groupedValues(codesOf(*network), layer, floatsOf(*network, "l.scales"));
        const float low = std::min(0.0f, *std::ranges::min_element(values)),
                    high = std::max(0.0f, *std::ranges::max_element(values)), scale = (high - low) / 255;
        const float zero = -128 - std::nearbyint(low / scale);
        std::vector<std::int32_t> codes;
        for (const float value : values)
            codes.push_back(
                static_cast<std::int32_t>(std::clamp(std::nearbyint(value * (1 / scale)) + zero, -128.0f, 127.0f)));
        const CandidateResult &found = compared->front().candidates.at(1);
        QVERIFY(found.figures);
        QCOMPARE(found.figures->codesSha256, sha256Of(codes));
        QVERIFY(compared->front().againstQuantized);
    }

    void assumesWhereZeroPointsStart()
    {
        const auto network = openNetwork(llm("gptq_4bit.safetensors"));
        QVERIFY(network);
        QCOMPARE(inspected(*network)["origin"]["zero_point"].get<std::string>(),
            std::string("assumed: l.qzeros; that it is stored minus one, as GPTQ does and gptq_v2 does not, is "
                        "assumed"));
    }

    void configurationBeside_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("origin");
        QTest::addColumn<int>("added");
        const char *assumed = "assumed: l.qzeros; that it is stored minus one, as GPTQ does and gptq_v2 does not, is "
                              "assumed";
        QTest::newRow("version 2") << QByteArray(R"({"bits": 4, "checkpoint_format": "gptq_v2"})")
                                   << "read: l.qzeros: quantize_config.json says gptq_v2" << 0;
        QTest::newRow("version 1") << QByteArray(R"({"sym": true, "meta": {}, "checkpoint_format": "gptq"})")
                                   << "read: l.qzeros + 1: quantize_config.json says gptq" << 1;
        QTest::newRow("another word") << QByteArray(R"({"checkpoint_format": "marlin"})") << assumed << 1;
        QTest::newRow("elsewhere") << QByteArray(R"({"meta": {"checkpoint_format": "gptq_v2"}})") << assumed << 1;
        QTest::newRow("no JSON") << QByteArray("{") << assumed << 1;
    }

    void configurationBeside()
    {
        QFETCH(QByteArray, text);
        QTemporaryDir folder;
        const QString path = folder.filePath("model.safetensors");
        QVERIFY(QFile::copy(QString::fromStdString(llm("gptq_4bit.safetensors")), path));
        QFile config(folder.filePath("quantize_config.json"));
        QVERIFY(config.open(QIODevice::WriteOnly) && config.write(text) == text.size());
        config.close();
        const auto network = openNetwork(path.toStdString());
        QVERIFY(network);
        QTEST(QString::fromStdString(inspected(*network)["origin"]["zero_point"].get<std::string>()), "origin");
        const json layer = test::golden(llm("gptq_4bit.safetensors.golden.json"))["layers"][0];
        const float stored = layer["zeros"][0].get<float>() - 1;
        QFETCH(int, added);
        QCOMPARE(network->layers.front().slot(Slot::Weight)->quantizer->zeroPoint->values[0],
            stored + static_cast<float>(added));
    }

    void rowsOfInt8()
    {
        for (const char *ending : {".pt", ".safetensors"}) {
            const QString name = QString("bnb_int8") + ending;
            const json layer = test::golden(llm(name + ".golden.json"))["layers"][0];
            const auto network = openNetwork(llm(name));
            QVERIFY(network);
            const std::vector<std::int64_t> codes = codesOf(*network);
            QCOMPARE(asBytes(codes), layer["codes_sha256"].get<std::string>());
            const std::vector<float> maxima = floatsOf(*network, "l.SCB");
            std::vector<float> values;
            for (std::size_t i = 0; i < codes.size(); ++i)
                values.push_back(static_cast<float>(codes[i]) * (maxima[i / 64] / 127) + 0.0f);
            const json found = inspected(*network);
            QCOMPARE(found["value_sha256"].get<std::string>(), sha256Of(values));
            QCOMPARE(found["scale"]["shape"], json({32, 1}));
        }
    }

    void tablesOfFourBits()
    {
        for (const char *ending : {".pt", ".safetensors"}) {
            const QString name = QString("bnb_nf4") + ending;
            const json layer = test::golden(llm(name + ".golden.json"))["layers"][0];
            const auto network = openNetwork(llm(name));
            QVERIFY(network);
            QCOMPARE(asBytes(codesOf(*network)), layer["codes_sha256"].get<std::string>());
            const json found = inspected(*network);
            QCOMPARE(found["kind"].get<std::string>(), std::string("codebook"));
            QCOMPARE(found["shape"], json({32, 64}));
            QVERIFY(found["scale"].is_null());
            QCOMPARE(textsOf(*network),
                QStringList{"table-of-values: l weight: its codes are places in a table of values "
                            "(l.weight.quant_map), times l.weight.absmax of each block of 64: no scale describes "
                            "that"});
        }
    }

    /// Inputs in another order than that of their groups (desc_act): each has the scales of the group that g_idx names.
    void groupsOutOfOrder()
    {
        std::vector<std::int32_t> groups(64);
        for (std::size_t i = 0; i < groups.size(); ++i)
            groups[i] = static_cast<std::int32_t>(i % 3 == 0 ? 1 : 0);
        std::vector<float> scales(16), expected, values;
        for (std::size_t i = 0; i < scales.size(); ++i)
            scales[i] = 0.25f * static_cast<float>(i + 1);
        for (const std::int32_t group : groups)
            for (std::size_t output = 0; output < 8; ++output) {
                expected.push_back(scales[static_cast<std::size_t>(group) * 8 + output]);
                values.push_back((0.0f - 1.0f) * expected.back()); // stored zero points are one less
            }
        const Network network
            = packed({{"l.qweight", {8, 8}}, {"l.qzeros", {2, 1}}}, {{"l.scales", {2, 8}, scales}}, groups);
        const json found = inspected(network);
        QCOMPARE(found["bit_width"], json(4));
        QCOMPARE(found["scale"]["shape"], json({64, 8}));
        QCOMPARE(found["scale"]["axis"], json(0));
        QCOMPARE(found["block_size"], json(1));
        QVERIFY(network.layer("l")->slot(Slot::Weight)->quantizer->scale->values == expected);
        QCOMPARE(found["value_sha256"].get<std::string>(), sha256Of(values));
        QCOMPARE(found["origin"]["scale"].get<std::string>(),
            std::string("read: l.scales, of the group that l.g_idx names"));
        QCOMPARE(textsOf(network), QStringList());
    }

    void groupsThatAreNotThere()
    {
        std::vector<std::int32_t> groups(64, 0);
        groups[7] = 2;
        const Network network
            = packed({{"l.qweight", {8, 8}}, {"l.qzeros", {2, 1}}}, {floats("l.scales", {2, 8}, 0.5f)}, groups);
        QVERIFY(inspected(network)["scale"].is_null());
        QVERIFY2(textsOf(network).join("\n").contains("l.g_idx names group 2 of 2"),
            qPrintable(textsOf(network).join("\n")));
    }

    /// A scale for each of two million elements would be larger than the weight itself.
    void groupsOutOfOrderOfALargeWeight()
    {
        std::vector<std::int32_t> groups(2048);
        for (std::size_t i = 0; i < groups.size(); ++i)
            groups[i] = static_cast<std::int32_t>(i % 2);
        const Network network = packed(
            {{"l.qweight", {256, 1024}}, {"l.qzeros", {2, 128}}}, {floats("l.scales", {2, 1024}, 0.5f)}, groups);
        const json found = inspected(network);
        QCOMPARE(found["bit_width"], json(4));
        QVERIFY(found["scale"].is_null());
        QVERIFY(found["codes_sha256_i32"].is_string());
        QCOMPARE(textsOf(network),
            QStringList{"groups-out-of-order: l weight: l.g_idx gives its inputs scales of groups that do not follow "
                        "each other, and there are too many to be kept for each: codes are shown, scales are in "
                        "l.scales"});
    }

    /// One group for all inputs is a scale for each output; g_idx need not be there.
    void oneGroup()
    {
        const Network network
            = packed({{"l.qweight", {8, 8}}, {"l.qzeros", {1, 1}}}, {floats("l.scales", {1, 8}, 0.5f)});
        const json found = inspected(network);
        QCOMPARE(found["scale"]["shape"], json({1, 8}));
        QCOMPARE(found["scale"]["axis"], json(1));
        QVERIFY(!found.contains("block_size") || found["block_size"].is_null());
    }

    /// Without g_idx several lengths of groups give as many scales; AWQ allows no shorter group.
    void groupsThatMayBeShorter_data()
    {
        QTest::addColumn<int>("inputs");
        QTest::addColumn<int>("groups");
        QTest::addColumn<bool>("isAwq");
        QTest::addColumn<int>("length");
        QTest::addColumn<QString>("said");
        const QString other
            = "group-size-assumed: l weight: no g_idx says how its %1 inputs are divided into %2 groups: "
              "%3 each and fewer in the last one, as powers of two are usual, is assumed";
        QTest::newRow("even, a power of two") << 128 << 2 << false << 64 << QString();
        QTest::newRow("uneven") << 104 << 2 << false << 64 << other.arg(104).arg(2).arg(64);
        QTest::newRow("48 or 64") << 96 << 2 << false << 64 << other.arg(96).arg(2).arg(64);
        QTest::newRow("no power of two") << 240 << 10 << false << 24 << QString();
        QTest::newRow("AWQ") << 96 << 2 << true << 48 << QString();
    }

    void groupsThatMayBeShorter()
    {
        QFETCH(int, inputs);
        QFETCH(int, groups);
        QFETCH(bool, isAwq);
        QFETCH(QString, said);
        const Network network
            = packed({{"l.qweight", isAwq ? Shape{inputs, 1} : Shape{inputs / 8, 8}}, {"l.qzeros", {groups, 1}}},
                {floats("l.scales", {groups, 8}, 0.5f)});
        QTEST(inspected(network)["block_size"].get<int>(), "length");
        QCOMPARE(textsOf(network), said.isEmpty() ? QStringList() : QStringList{said});
        QCOMPARE(inspected(network)["origin"]["scale"].get<std::string>().starts_with("assumed"), !said.isEmpty());
    }

    void misfits_data()
    {
        QTest::addColumn<Shape>("words");
        QTest::addColumn<Shape>("zeros");
        QTest::newRow("zeros of another group") << Shape{8, 8} << Shape{3, 1};
        QTest::newRow("five bits") << Shape{8, 32} << Shape{2, 5};
        QTest::newRow("no words") << Shape{0, 8} << Shape{2, 1};
        QTest::newRow("three axes") << Shape{8, 8, 1} << Shape{2, 1};
        QTest::newRow("output first") << Shape{8, 16} << Shape{2, 1};
    }

    void misfits()
    {
        QFETCH(Shape, words);
        QFETCH(Shape, zeros);
        const std::int64_t outputs = words[1] == 32 ? 32 : 8;
        const Network network
            = packed({{"l.qweight", words}, {"l.qzeros", zeros}}, {floats("l.scales", {2, outputs}, 0.5f)});
        QCOMPARE(textsOf(network),
            QStringList{"not-decoded-yet: l weight: its words fit neither GPTQ nor AWQ by their types and shapes"});
        QVERIFY(inspected(network)["bit_width"].is_null());
    }

    /// A float layer beside packed ones is a float: nobody quantized it.
    void otherLayersStayFloats()
    {
        const Network network = packed({{"l.qweight", {8, 8}}, {"l.qzeros", {1, 1}}},
            {floats("l.scales", {1, 8}, 0.5f), floats("head.weight", {4, 8}, 0.25f)});
        QCOMPARE(network.layers.size(), std::size_t(2));
        QVERIFY(!network.layer("head")->slot(Slot::Weight)->quantizer);
        QCOMPARE(textsOf(network), QStringList());
    }
};

QTEST_APPLESS_MAIN(TestPackedWeights)
#include "tst_packed_weights.moc"
