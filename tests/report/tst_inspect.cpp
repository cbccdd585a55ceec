// The model has members named `slots`.
#include "base/text.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "support/golden.h"
#include "support/inspected.h"
#include "support/memory_slot.h"
#include "support/paths.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using nlohmann::json;
using quantscope::test::slotOf;

namespace {

std::shared_ptr<const Network> shared(Network network) { return std::make_shared<const Network>(std::move(network)); }

json inspected(const std::string &path, InspectOptions options = {.hash = true, .list = false, .tensors = false})
{
    auto network = openNetwork(path, {}, options.list);
    if (!network)
        return network.error().text();
    return json::parse(inspectJson(*inspect(shared(std::move(*network)), options), options).dump());
}

std::vector<double> hexValues(const json &values)
{
    std::vector<double> out;
    for (const json &v : values)
        out.push_back(std::strtod(v.get<std::string>().c_str(), nullptr));
    return out;
}

} // namespace

class TestInspect : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void samples_data()
    {
        QTest::addColumn<QString>("network");
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("biasWidths");
        for (const char *network : {"digits_fixed", "digits_float"}) {
            QTest::addRow("%s state_dict", network) << network << QString("%1.pt").arg(network) << true;
            QTest::addRow("%s QONNX", network) << network << QString("%1_qonnx.onnx").arg(network) << true;
            QTest::addRow("%s QCDQ", network)
                << network << QString("%1_qcdq.onnx").arg(network) << false; // it loses them
        }
    }

    /// The same codes, scales and bits from the checkpoint and both exports, as Brevitas computes them.
    void samples()
    {
        QFETCH(QString, network);
        QFETCH(QString, file);
        QFETCH(bool, biasWidths);
        const json expected = test::golden(test::sample("digits_expected.json"))[network.toStdString()];
        const json found = inspected(test::sample(file.toStdString()));
        QCOMPARE(found["schema"].get<int>(), 1);
        for (const auto &[layer, slots] : expected["layers"].items())
            for (const auto &[slot, want] : slots.items()) {
                if (!want.contains("scale"))
                    continue;
                const json mine = slotOf(found, layer, slot);
                QVERIFY2(mine.is_object(), (layer + ":" + slot).c_str());
                QCOMPARE(hexValues(mine["scale"]["values"]), hexValues(want["scale"]));
                if (want.contains("codes_sha256_i32"))
                    QCOMPARE(mine["codes_sha256_i32"], want["codes_sha256_i32"]);
                if (slot != "bias" || biasWidths) {
                    QCOMPARE(mine["bit_width"], want["bit_width"]);
                    QVERIFY(mine["storage_bits"].is_null());
                } else {
                    QVERIFY(mine["bit_width"].is_null());
                    QCOMPARE(mine["storage_bits"].get<int>(), 32);
                }
            }
    }

    void schema()
    {
        const json found = inspected(test::sample("digits_fixed.pt"));
        QCOMPARE(found["file"].get<std::string>(), std::string("digits_fixed.pt"));
        QCOMPARE(found["format"].get<std::string>(), std::string("pytorch-checkpoint"));
        const json conv1 = slotOf(found, "conv1", "weight");
        QCOMPARE(conv1["tensor"].get<std::string>(), std::string("conv1.weight"));
        QCOMPARE(conv1["shape"], json({16, 1, 3, 3}));
        QCOMPARE(conv1["kind"].get<std::string>(), std::string("affine"));
        QCOMPARE(conv1["scale"], json::parse(R"({"shape": [], "axis": null, "values": ["0x1p-7"]})"));
        QCOMPARE(conv1["zero_point"], json::parse(R"({"shape": [], "values": ["0x0p+0"]})"));
        QCOMPARE(conv1["rounding"].get<std::string>(), std::string("ROUND"));
        const json numbers
            = json::parse(R"({"bit_width": 8, "signed": true, "narrow": true, "frac_bits": 7, "int_bits": 1,
                "codes_min": -72, "codes_max": 76, "count": 144, "at_limit": 0, "clipped": 0})");
        for (const auto &[key, value] : numbers.items())
            QVERIFY2(conv1[key] == value, (key + " is " + conv1[key].dump()).c_str());
        QCOMPARE(conv1["origin"]["scale"].get<std::string>(), std::string("computed: abs-max, power of two, ceil"));
        QVERIFY(conv1["origin"]["bit_width"].get<std::string>().starts_with("preset"));
        QVERIFY(slotOf(found, "conv2", "weight")["origin"]["bit_width"].get<std::string>().starts_with("recipe"));
        const json perChannel = slotOf(inspected(test::sample("digits_float.pt")), "conv1", "weight");
        QCOMPARE(perChannel["scale"]["shape"], json({16, 1, 1, 1}));
        QCOMPARE(perChannel["scale"]["axis"].get<int>(), 0);
        QVERIFY(perChannel["frac_bits"].is_null());
    }

    /// Whose values each layer reads: through MaxPool and Reshape, not through Relu; told by the graph, or by the one
    /// beside.
    void inputQuantizers_data()
    {
        QTest::addColumn<QString>("file");
        for (const char *file : {"digits_fixed_qonnx.onnx", "digits_fixed_qcdq.onnx", "digits_fixed.pt"})
            QTest::newRow(file) << file;
    }

    void inputQuantizers()
    {
        QFETCH(QString, file);
        const json found = inspected(test::sample(file.toStdString()));
        json told = json::object();
        for (const json &layer : found["layers"])
            if (layer.contains("input_quantizers"))
                told[layer["name"].get<std::string>()] = layer["input_quantizers"];
        QCOMPARE(told, json::parse(R"({"conv1": [{"layer": "quant_inp", "slot": "act"}],
            "conv2": [{"layer": "relu1", "slot": "act"}], "fc1": [{"layer": "relu2", "slot": "act"}],
            "fc2": [{"layer": "relu3", "slot": "act"}]})"));
    }

    void listReadsNoQuantizer()
    {
        const json found = inspected(test::sample("digits_fixed.pt"), {.hash = false, .list = true, .tensors = true});
        const json conv1 = slotOf(found, "conv1", "weight");
        QCOMPARE(conv1["shape"], json({16, 1, 3, 3}));
        QVERIFY(conv1["scale"].is_null());
        QVERIFY(!conv1.contains("codes_sha256_i32"));
        QVERIFY(found["tensors"].size() > 8);
    }

    void csvHasTheLayerTable()
    {
        const auto inspection = inspect(shared(*openNetwork(test::sample("digits_fixed.pt"))));
        const QStringList lines = QString::fromStdString(inspectCsv(*inspection)).split('\n');
        QCOMPARE(lines[0], QString("Layer,Kind,Shape,Params,Bits,Scale,I.F,SQNR dB,At limit %,Problems"));
        QCOMPARE(lines.size(), 10); // header, eight layers, the last line's end
        QVERIFY2(lines[4].startsWith("conv2,Conv2d,32×16×3×3,4640,6,2^-6,0.6,26."), qPrintable(lines[4]));
        QVERIFY2(lines[6].startsWith("fc1,Linear,64×128,8256,4,2^-5,-1.5,18."), qPrintable(lines[6]));
    }

    /// An edit of one layer analyses that layer: its weight, and the bias whose scale follows from it.
    void anEditAnalysesWhatItTouches()
    {
        const auto model = OpenedModel::open(test::sample("digits_fixed.pt"), {});
        const auto network = shared(*model->network());
        const auto before = inspect(network);
        const Recipe recipe = withChoice(model->recipe(), {"conv2", Slot::Weight, {}, {{"bit_width", "5"}}});
        const auto edited = shared(*model->network(recipe, {}, network.get()));
        const auto after = inspect(edited, {}, {}, &*before), fresh = inspect(edited);
        QCOMPARE(after->statistics.size(), before->statistics.size());
        QStringList analysed;
        for (const auto &[key, statistics] : after->statistics)
            if (statistics != before->statistics.at(key))
                analysed << QString::fromStdString(fmt::format("{} {}", edited->layer(key.layer).name, key.slot));
        QCOMPARE(analysed, (QStringList{"conv2 weight", "conv2 bias"}));
        QCOMPARE(inspectJson(*after, {}).dump(), inspectJson(*fresh, {}).dump());
    }

    void cancelledInTheMiddle()
    {
        int calls = 0;
        const auto stopped = inspect(shared(*openNetwork(test::sample("digits_fixed.pt"))), {},
            Progress([&](std::uint64_t, std::uint64_t) { return ++calls < 5; }));
        QVERIFY(!stopped);
        QVERIFY(stopped.error().kind == ErrorKind::Cancelled);
        QCOMPARE(calls, 5);
    }

    void assumedRowsAreMarked_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<int>("marked");
        const QString sample = QString::fromStdString(test::sample("digits_fixed.pt"));
        QTest::newRow("all said") << sample << QString() << 0;
        QTest::newRow("an export") << QString::fromStdString(test::sample("digits_fixed_qonnx.onnx")) << QString() << 0;
        // bits and scale of two weights and an activation
        QTest::newRow("no recipe") << QString::fromStdString(test::data("brevitas/0.10.2/qop_cnn.pt")) << QString()
                                   << 6;
        QTest::newRow("a width for all") << sample << "[[quantizer]]\nbit_width = 5\n" << 8; // the scales of all layers
        QTest::newRow("a preset for all weights")
            << sample << "[[quantizer]]\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n"
            << 8;
    }

    void assumedRowsAreMarked()
    {
        QFETCH(QString, file);
        QFETCH(QString, recipe);
        QFETCH(int, marked);
        QTemporaryDir folder; // without the exports of the corpus, which say what a recipe would
        const QString alone = folder.filePath("m.pt");
        if (file.contains("/brevitas/"))
            QVERIFY(QFile::copy(file, alone));
        auto network = recipe.isEmpty()
            ? openNetwork((QFile::exists(alone) ? alone : file).toStdString())
            : recoverQuantizers(*openModel(file.toStdString()), *parseRecipe(recipe.toStdString(), "r.toml"));
        QVERIFY(network);
        const QString text = QString::fromStdString(inspectText(*inspect(shared(*network)), {}));
        const bool legend = text.contains("\n~ ");
        QCOMPARE(legend, marked > 0);
        QCOMPARE(text.count('~') - (legend ? 1 : 0), marked);
    }

    void rounding_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QString>("rounding"); ///< empty: null
        const auto row = [](const char *name, const char *file, const char *layer, const char *slot,
                             const char *rounding) { QTest::newRow(name) << file << layer << slot << rounding; };
        row("a preset's", "brevitas/0.10.2/rounding_modes.pt", "round", "weight", "ROUND");
        row("QONNX, as its node says", "brevitas/0.10.2/rounding_modes.qonnx.onnx", "floor", "weight", "ROUND");
        row("QCDQ, whose codes were rounded down before", "brevitas/0.10.2/rounding_modes.qcdq.onnx", "floor", "weight",
            "");
        row("QuantizeLinear of an activation", "brevitas/0.10.2/acts_basic.qcdq.onnx", "a0_8", "act", "ROUND");
        row("a QDQ weight", "onnx/qdq_per_axis.onnx", "mm", "weight", "");
        row("small floats", "onnx/qdq_minifloat.onnx", "e4m3fn_mm", "weight", "");
        row("integers of a checkpoint", "field/int_weights.pt", "conv", "weight", "");
        row("integers of a graph", "field/int_initializers.onnx", "conv", "weight", "");
        row("a quantized tensor of torch", "torch/qsd/static_qnnpack.pt", "conv1", "weight", "");
        row("fake quantization that rounds down", "field/operators/f_floor.onnx", "layer", "weight", "FLOOR");
        row("its codes alone", "field/operators/f_dq.onnx", "layer", "weight", "");
    }

    /// Codes that the file holds were rounded by something that it does not tell.
    void rounding()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(QString, rounding);
        const json found = slotOf(inspected(test::data(file.toStdString())), layer.toStdString(), slot.toStdString());
        QVERIFY2(found.is_object(), "no such slot");
        QVERIFY(!found["kind"].is_null());
        QCOMPARE(found["rounding"], rounding.isEmpty() ? json(nullptr) : json(rounding.toStdString()));
    }

    void numbersInTables_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<QList<float>>("scales");
        QTest::addColumn<QString>("says"); ///< scale | integer and fractional bits
        const float nan = std::numeric_limits<float>::quiet_NaN();
        QTest::newRow("a power of two") << 6 << QList<float>{0x1p-4f} << "2^-4 | 2.4";
        QTest::newRow("below one") << 4 << QList<float>{0x1p-5f} << "2^-5 | -1.5";
        QTest::newRow("whole numbers") << 4 << QList<float>{2} << "2^1 | 5.-1";
        QTest::newRow("none") << 8 << QList<float>{0.1f} << "0.1 | ";
        QTest::newRow("several") << 8 << QList<float>{0x1p-2f, 0x1p-6f, 1} << "3 scales | 8.0 to 2.6";
        QTest::newRow("one of several is none") << 8 << QList<float>{0.5f, 0.1f} << "2 scales | ";
        QTest::newRow("the same for each") << 8 << QList<float>{0.25f, 0.25f} << "2^-2 | 6.2";
        QTest::newRow("no number") << 8 << QList<float>{nan} << "nan | ";
        QTest::newRow("no numbers") << 8 << QList<float>{nan, nan} << "2 scales | ";
    }

    /// Worked by hand: a word of 6 bits whose last is 2^-4 has 4 bits behind the point and 2 before it.
    void numbersInTables()
    {
        QFETCH(int, bits);
        QFETCH(QList<float>, scales);
        Network network;
        network.file = std::make_shared<ModelFile>();
        Layer layer;
        layer.name = "act";
        layer.slots.emplace_back().slot = Slot::Act;
        Granular scale{{}, {}, {scales.begin(), scales.end()}};
        if (scales.size() > 1)
            scale = {{static_cast<std::int64_t>(scales.size())}, 0, scale.values};
        layer.slots.back().quantizer = test::affine(bits, true, false, scale);
        network.add(std::move(layer));
        const LayerRow row = layerRow({shared(network), {}, {}}, network.layers.front());
        QTEST(QString::fromStdString(row.scale + " | " + row.intFrac), "says");
    }

    /// Codes that are bit patterns have no limits and no binary point: the tables say so as the JSON does.
    void minifloatsInTables()
    {
        const auto inspection = inspect(shared(*openNetwork(test::data("onnx/qdq_minifloat.onnx"))));
        QVERIFY(inspection);
        for (const Layer &layer : inspection->network->layers) {
            const LayerRow row = layerRow(*inspection, layer);
            QVERIFY(row.bitWidth.has_value() && !row.scale.empty());
            QVERIFY(!row.atLimitShare && row.intFrac.empty() && !row.integerBits && !row.fractionBits);
        }
    }
};

QTEST_GUILESS_MAIN(TestInspect)
#include "tst_inspect.moc"
