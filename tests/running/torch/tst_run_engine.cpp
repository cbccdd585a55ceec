#include "base/sha256.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/run_networks.h"

#include <QDir>

#include <ATen/ops/cat.h>

using namespace quantscope;
using test::Arrays;
using test::arraysOf;
using test::difference;
using test::engineOf;
using test::networkOf;
using test::ran;

namespace {

/// The weight layers of these exports have `signed` and `narrow` swapped, which their nodes obey and their slots do
/// not.
bool hasSwappedFlags(const QString &model)
{
    static const QStringList kNames{"bit_widths_float", "rand002", "rand005", "rand007"};
    const QString file = QFileInfo(model).fileName();
    return file.endsWith(".qonnx.onnx") && kNames.contains(file.section('.', 0, 0));
}

/// Why the exporter's graph does not run at all; empty for all others.
QString failureOf(const QString &model)
{
    return model.endsWith("lstm_weight_only.qonnx.onnx") // it takes away the axis of the samples
        ? "node /m/layers.0.0/export_handler/Squeeze (Squeeze): axis 2 is not of size 1"
        : "";
}

} // namespace

/// Networks run as the frameworks that wrote them run them.
class TestRunEngine : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void corpus_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("truth");
        const QDir folder(QString::fromStdString(test::data("brevitas/0.10.2")));
        for (const QString &truth : folder.entryList({"*.run.npz"}))
            for (const char *ending : {"qonnx.onnx", "qcdq.onnx", "qcdq.ts.pt"}) {
                const QString model = truth.chopped(7) + ending;
                if (folder.exists(model))
                    QTest::newRow(qPrintable(model)) << folder.filePath(model) << folder.filePath(truth);
            }
    }

    void corpus()
    {
        QFETCH(const QString, model);
        QFETCH(const QString, truth);
        QCOMPARE(
            differenceFromTruth(networkOf(model.toStdString()), truth, model.contains(".qcdq.")), failureOf(model));
    }

    /// The same without QuantScope's view of the quantizers: each node by what its operator means.
    void corpusByNodes_data() { corpus_data(); }
    void corpusByNodes()
    {
        QFETCH(const QString, model);
        QFETCH(const QString, truth);
        const QString different
            = differenceFromTruth(withoutSpans(*networkOf(model.toStdString())), truth, model.contains(".qcdq."));
        if (hasSwappedFlags(model))
            QVERIFY(different.startsWith("piece 0: "));
        else
            QCOMPARE(different, failureOf(model));
    }

    void layers_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("truth");
        const QDir folder(QString::fromStdString(test::data("brevitas/0.10.2")));
        for (const QString &truth : folder.entryList({"*.run.npz"}))
            if (const QString model = truth.chopped(7) + "qonnx.onnx";
                folder.exists(model) && !model.startsWith("lstm_")) // a cell is one operator
                QTest::newRow(qPrintable(model)) << folder.filePath(model) << folder.filePath(truth);
    }

    /// What leaves each layer that is observed: behind its own quantizer, of a weight layer without one its result.
    void layers()
    {
        QFETCH(const QString, model);
        QFETCH(const QString, truth);
        const Arrays arrays = arraysOf(truth.toStdString());
        const auto network = networkOf(model.toStdString());
        RunEngine engine = engineOf(network);
        std::map<std::string, std::pair<at::Tensor, bool>> left; // and whether it is behind the layer's quantizer
        const auto observe = [&](const Observation &seen) -> std::shared_ptr<const void> {
            if (seen.slot && *seen.slot != Slot::Act && *seen.slot != Slot::Output)
                return {};
            auto &[output, quantized] = left[network->layer(seen.layer).name];
            if (!output.defined() || (seen.slot && !quantized)) {
                output = seen.output.clone();
                quantized = seen.slot.has_value();
            }
            return {};
        };
        ran(engine, {arrays.at("input_0")}, observe);
        std::size_t compared = 0;
        for (const auto &[name, layer] : left)
            if (const auto expected = arrays.find("layer/" + name); expected != arrays.end()) {
                const std::string different = difference(layer.first, expected->second, true);
                QVERIFY2(different.empty(), (name + ": " + different).c_str());
                ++compared;
            }
        QVERIFY(compared > 0);
    }

    void digits_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("ending");
        for (const char *name : {"digits_fixed", "digits_float"})
            for (const char *ending : {"_qonnx.onnx", "_qcdq.onnx", "_qcdq.ts.pt"})
                QTest::addRow("%s%s", name, ending) << name << ending;
    }

    /// Predictions, the logits of the first image, and the hash of all.
    void digits()
    {
        QFETCH(const QString, name);
        QFETCH(const QString, ending);
        const auto truth = test::golden(test::sample("digits_expected.json"))[name.toStdString()];
        RunEngine engine = engineOf(networkOf(test::sample((name + ending).toStdString())));
        const at::Tensor images = arraysOf(test::sample("digits_test.npz")).at("images");
        const std::int64_t piece = ending == "_qcdq.ts.pt" ? images.size(0) : 1; // the ONNX exports fix their batch
        std::vector<float> logits;
        for (std::int64_t i = 0; i < images.size(0); i += piece) {
            const at::Tensor made = ran(engine, {images.narrow(0, i, piece)}).outputs.at(0).contiguous();
            QCOMPARE(made.sizes().vec(), (std::vector<std::int64_t>{piece, 10}));
            logits.insert(logits.end(), made.data_ptr<float>(), made.data_ptr<float>() + made.numel());
        }
        std::vector<int> predictions;
        for (auto row = logits.begin(); row != logits.end(); row += 10)
            predictions.push_back(static_cast<int>(std::max_element(row, row + 10) - row));
        QCOMPARE(predictions, truth["predictions"].get<std::vector<int>>());
        // Brevitas had all images at once. One by one libtorch adds up products in another order, which the
        // power-of-two scales of digits_fixed do not show.
        QCOMPARE(sha256(std::as_bytes(std::span(logits))) == truth["logits_sha256_f32"].get<std::string>(),
            piece > 1 || name == "digits_fixed");
        const auto first = truth["logits_first"].get<std::vector<float>>();
        for (std::size_t i = 0; i < first.size(); ++i)
            QVERIFY(std::abs(logits[i] - first[i]) <= 1e-5f);
    }

    void piecesTogether_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("truth");
        for (const char *name : {"digits_fixed_qonnx.onnx", "digits_float_qcdq.onnx"})
            QTest::newRow(name) << QString::fromStdString(test::sample(name))
                                << QString::fromStdString(test::sample("digits_test.npz"));
        const QDir folder(QString::fromStdString(test::data("brevitas/0.10.2")));
        for (const QString &truth : folder.entryList({"*.run.npz"}))
            for (const char *ending : {"qonnx.onnx", "qcdq.onnx"})
                if (const QString model = truth.chopped(7) + ending; folder.exists(model) && failureOf(model).isEmpty())
                    QTest::newRow(qPrintable(model)) << folder.filePath(model) << folder.filePath(truth);
    }

    /// Pieces that run together have the bits of each by itself, in outputs and at every place.
    void piecesTogether()
    {
        QFETCH(const QString, model);
        QFETCH(const QString, truth);
        const Arrays arrays = arraysOf(truth.toStdString());
        const at::Tensor x = arrays.contains("images") ? arrays.at("images").narrow(0, 7, 1) : arrays.at("input_0");
        const bool isFloat = x.is_floating_point();
        const std::vector<at::Tensor> pieces{x, isFloat ? x.mul(0.37) : x.flip(0), isFloat ? x.neg() : x, x};
        const auto network = networkOf(model.toStdString());
        RunEngine alone = engineOf(network), together = engineOf(network);
        alone.setMemoryLimit(0); // it would know the last piece from the first
        std::map<std::string, at::Tensor> wanted, seen;
        std::vector<at::Tensor> outputs;
        for (const at::Tensor &piece : pieces) {
            const PieceResult result = ran(alone, {piece}, collecting(*network, wanted));
            outputs.insert(outputs.end(), result.outputs.begin(), result.outputs.end());
        }
        const at::Tensor all = at::cat(pieces);
        for (int again = 0; again < 2; ++again) { // the second time of what was kept
            const auto result = together.runPieces({{all}}, pieces.size(), collecting(*network, seen), {});
            QVERIFY(result && !result->stopped);
            QCOMPARE(result->outputs.size(), pieces.size());
            std::size_t at = 0;
            for (const std::vector<at::Tensor> &ofPiece : result->outputs)
                for (const at::Tensor &output : ofPiece)
                    QCOMPARE(sameBits(output, outputs.at(at++)), std::string());
            QCOMPARE(at, outputs.size());
        }
        // A layer that is called twice has two places of one name, so that values are compared in their order, which
        // does not tell -0 from 0.
        for (auto *places : {&seen, &wanted})
            for (auto &[place, values] : *places)
                values = std::get<0>(values.sort());
        QCOMPARE(seen.size(), wanted.size());
        for (const auto &[place, values] : wanted)
            QCOMPARE(
                place + ": " + (seen.contains(place) ? difference(seen[place], values, true) : std::string("not seen")),
                place + ": ");
    }

    void placesOfQuantizers_data() { corpus_data(); }
    /// Every quantizer has a place where another can stand.
    void placesOfQuantizers()
    {
        QFETCH(const QString, model);
        const auto network = networkOf(model.toStdString());
        QStringList without;
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (slot.quantizer && slot.spans.empty())
                    without.push_back(QString::fromStdString(layer.name + ":" + std::string(slotName(slot.slot))));
        QCOMPARE(without.join(" "), QString());
    }

private:
    static std::string sameBits(const at::Tensor &a, const at::Tensor &b)
    {
        if (a.scalar_type() != at::kFloat || b.scalar_type() != at::kFloat)
            return a.scalar_type() == b.scalar_type() && a.equal(b) ? "" : "other numbers";
        return difference(a, b);
    }

    /// What flows out of each place, one piece behind the other.
    static Observer collecting(const Network &network, std::map<std::string, at::Tensor> &out)
    {
        return [&](const Observation &seen) -> std::shared_ptr<const void> {
            const std::string place = network.layer(seen.layer).name + ":"
                + (seen.slot ? std::string(slotName(*seen.slot)) : std::string("result"));
            const at::Tensor values = seen.output.reshape({-1}).clone();
            out[place] = out[place].defined() ? at::cat({out[place], values}) : values;
            return {};
        };
    }

    /// Exports of layers that return what Brevitas calls a QuantTensor have its parts as outputs behind the value.
    static QString differenceFromTruth(
        const std::shared_ptr<const Network> &network, const QString &truth, bool onlyNumbers)
    {
        const Arrays arrays = arraysOf(truth.toStdString());
        try {
            RunEngine engine = engineOf(network);
            for (int piece = 0; piece < 4; ++piece) {
                const auto number = std::to_string(piece);
                const PieceResult result = ran(engine, {arrays.at("input_" + number)});
                const std::string different
                    = difference(result.outputs.at(0), arrays.at("output_" + number), onlyNumbers);
                if (!different.empty())
                    return QString::fromStdString("piece " + number + ": " + different);
            }
        } catch (const ParseError &error) {
            return error.what();
        }
        return {};
    }

    static std::shared_ptr<const Network> withoutSpans(Network network)
    {
        for (Layer &layer : network.layers)
            for (SlotQuantizer &slot : layer.slots)
                slot.spans.clear();
        return std::make_shared<const Network>(std::move(network));
    }
};

QTEST_GUILESS_MAIN(TestRunEngine)
#include "tst_run_engine.moc"
