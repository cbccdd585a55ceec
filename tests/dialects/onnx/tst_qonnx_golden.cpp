// The networks have members called slots.

#include "network/feeds.h"
#include "quant/known_rounding.h"
#include "support/golden.h"
#include "support/onnx_network.h"
#include "support/opened.h"
#include "support/paths.h"

#include <QtTest>


using namespace quantscope;
using nlohmann::json;

namespace {

QString diagnosticsOf(const Network &network)
{
    QString out;
    for (const Diagnostic &d : network.diagnostics)
        out += QString::fromStdString(std::string(severityName(d.severity)) + " " + d.rule + ": " + d.text + "\n");
    return out;
}

std::string valueSha256(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<float> values(reader.count());
    reader.values(0, values);
    for (float &value : values)
        value += 0.0f; // no negative zero
    return sha256(std::as_bytes(std::span(values)));
}

bool sameValues(const json &golden, const std::optional<Granular> &found)
{
    if (golden.is_null() || !found)
        return golden.is_null() && !found;
    const std::vector<float> wanted = test::hexFloats(golden);
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (found->values[found->perTensor() ? 0 : i] != wanted[i])
            return false;
    return found->perTensor() || found->values.size() == wanted.size();
}

/// What differs, as words; empty when all agrees.
std::string differences(const json &golden, const Layer &layer, const SlotQuantizer &slot)
{
    std::string out;
    const auto check = [&](bool same, const char *what) { out += same ? std::string() : std::string(what) + " "; };
    const Quantizer &q = *slot.quantizer;
    check(golden["kind"] == quantizerKindName(q.kind), "kind");
    check(golden["bits"].is_null() ? !q.bitWidth : q.bitWidth == golden["bits"].get<int>(), "bits");
    check(q.isSigned == golden["signed"].get<bool>(), "signed");
    check(q.narrow == golden["narrow"].get<bool>(), "narrow");
    check(sameValues(golden["scale"], q.scale), "scale");
    check(!golden.contains("zero_point") || sameValues(golden["zero_point"], q.zeroPoint), "zero_point");
    if (golden.contains("channel_axis"))
        check(slot.channelAxis == golden["channel_axis"].get<int>(), "channel_axis");
    if (golden.contains("layer_kind"))
        check(layer.kind == golden["layer_kind"].get<std::string>(), "layer_kind");
    if (golden.contains("groups"))
        check(layer.groups == golden["groups"].get<int>(), "groups");
    if (golden.contains("codes_sha256_i32"))
        check(test::codesSha256(slot) == golden["codes_sha256_i32"].get<std::string>(), "codes");
    if (golden.contains("value_sha256"))
        check(valueSha256(slot) == golden["value_sha256"].get<std::string>(), "values");
    for (const char *field : {"bit_width", "signed", "narrow", "scale", "zero_point"})
        check(q.origin.contains(field) || (std::string(field) == "scale" && !q.scale)
                || (std::string(field) == "bit_width" && !q.bitWidth)
                || (std::string(field) == "zero_point" && !q.zeroPoint),
            field);
    return out;
}

} // namespace

/// Graphs whose codes and values qonnx' own functions computed: tests/data/qonnx.
class TestQonnxGolden : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void files_data()
    {
        QTest::addColumn<QString>("text");
        const json golden = test::golden(test::data("qonnx/golden.json"));
        for (const json &file : golden.at("files"))
            QTest::newRow(file["file"].get<std::string>().c_str()) << QString::fromStdString(file.dump());
    }
    void files()
    {
        QFETCH(QString, text);
        const json golden = json::parse(text.toStdString());
        const Network network = test::opened(test::data("qonnx/" + golden["file"].get<std::string>()));
        for (const json &row : golden["layers"]) {
            const std::string name = row["layer"].get<std::string>();
            const Layer *layer = network.layer(name);
            QVERIFY2(layer != nullptr, name.c_str());
            const SlotQuantizer *slot = layer->slot(row["slot"].get<std::string>());
            QCOMPARE(slot == nullptr, row.contains("absent"));
            if (slot == nullptr)
                continue;
            QVERIFY2(slot->quantizer.has_value() != row.contains("null"), name.c_str());
            if (!slot->quantizer)
                continue;
            QCOMPARE(slot->quantizer->isComplete() || !row.contains("incomplete"), !row.contains("incomplete"));
            if (row.contains("incomplete"))
                continue;
            // FINN names types of values that something else rounded.
            QVERIFY(network.dialect != Dialect::Finn || !knownRounding(*slot->quantizer));
            QCOMPARE(QString::fromStdString(name + ": " + differences(row, *layer, *slot)),
                QString::fromStdString(name + ": "));
            if (row.contains("formula"))
                QCOMPARE(QString::fromStdString(slot->formula), QString::fromStdString(row["formula"]));
        }
        QString said;
        for (const json &line : golden["diagnostics"])
            said += QString::fromStdString(line.get<std::string>()) + "\n";
        QCOMPARE(diagnosticsOf(network), said);
    }

    /// FINN exports of Brevitas, against what the live network computed; their matrices are [in][out].
    void finnOfBrevitas_data()
    {
        QTest::addColumn<QString>("version");
        for (const char *version : {"0.7.1", "0.9.1"})
            QTest::newRow(version) << version;
    }
    void finnOfBrevitas()
    {
        QFETCH(QString, version);
        const std::string path = test::data("brevitas/" + version.toStdString() + "/finn_mlp");
        const json golden = test::golden(path + ".json");
        const Network network = test::opened(path + ".finn.onnx");
        QCOMPARE(traitsOf(network.dialect).name, std::string_view("FINN"));
        for (const json &row : golden["layers"]) {
            const Layer *layer = network.layer(row["name"].get<std::string>());
            QVERIFY2(layer != nullptr, row["name"].get<std::string>().c_str());
            for (const auto &[key, wanted] : row["quantizers"].items()) {
                const SlotQuantizer *slot = layer->slot(key);
                QCOMPARE(slot != nullptr && slot->quantizer, wanted["enabled"].get<bool>());
                if (slot != nullptr && slot->quantizer)
                    compareWithBrevitas(wanted, *slot);
            }
        }
        QCOMPARE(fedByNames(network, network.layer("fc2")->id), (std::vector<std::string>{"r1"}));
        QCOMPARE(diagnosticsOf(network),
            QString(
                "note not-shown: 3 tensors of two or more axes are no layer's weights: thresholds of MultiThreshold "
                "(/q/export_handler/Constant_output_0, /r1/export_handler/Constant_output_0, "
                "/r2/export_handler/Constant_output_0); --tensors lists all\n"));
    }

private:
    static void compareWithBrevitas(const json &wanted, const SlotQuantizer &slot)
    {
        const Quantizer &q = *slot.quantizer;
        QCOMPARE(*q.bitWidth, wanted["bit_width"].get<int>());
        QCOMPARE(*q.isSigned, wanted["signed"].get<bool>());
        QCOMPARE(q.scale->values, test::hexFloats(wanted["scale"]["values"]));
        QCOMPARE(q.zeroPoint->values, test::hexFloats(wanted["zero_point"]["values"]));
        if (!slot.tensor) {
            QCOMPARE(*q.narrow, wanted["narrow"].get<bool>());
            return;
        }
        CodeReader reader(slot);
        std::vector<std::int64_t> codes(reader.count()), transposed;
        std::vector<float> values(reader.count()), turned;
        reader.integers(0, codes);
        reader.values(0, values);
        const auto rows = static_cast<std::size_t>(slot.shape[0]), columns = static_cast<std::size_t>(slot.shape[1]);
        for (std::size_t column = 0; column < columns; ++column)
            for (std::size_t row = 0; row < rows; ++row) {
                transposed.push_back(codes[row * columns + column]);
                turned.push_back(values[row * columns + column] + 0.0f);
            }
        QCOMPARE(transposed, wanted["codes"].get<std::vector<std::int64_t>>());
        QCOMPARE(sha256(std::as_bytes(std::span(turned))), wanted["value_sha256_no_negative_zero"].get<std::string>());
    }
};

QTEST_APPLESS_MAIN(TestQonnxGolden)
#include "tst_qonnx_golden.moc"
