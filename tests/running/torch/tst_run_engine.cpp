#include "base/sha256.h"
#include "formats/open_model.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_values.h"
#include "support/golden.h"
#include "support/onnx_builder.h"
#include "support/opened.h"
#include "support/paths.h"

#include <QDir>

#include <cmath>
#include <cstring>
#include <map>

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

using namespace quantscope;

namespace {

using Arrays = std::map<std::string, at::Tensor>;

Arrays arraysOf(const std::string &path)
{
    const auto file = openModel(path);
    if (!file)
        throw ParseError(file.error().text());
    Arrays out;
    for (const TensorInfo &tensor : (*file)->tensors)
        out[tensor.name] = tensorOf(tensor);
    return out;
}

std::shared_ptr<const Network> networkOf(const std::string &path)
{
    return std::make_shared<const Network>(test::opened(path));
}

RunEngine engineOf(std::shared_ptr<const Network> network)
{
    auto engine = RunEngine::create(std::move(network));
    if (!engine)
        throw ParseError(engine.error().text());
    return std::move(*engine);
}

PieceResult ran(RunEngine &engine, const std::vector<at::Tensor> &inputs, const Observer &observe = {})
{
    auto result = engine.run(inputs, observe, {});
    if (!result)
        throw ParseError(result.error().text());
    if (result->stopped)
        throw ParseError(*result->stopped);
    return std::move(*result);
}

std::string shapeText(const at::Tensor &tensor)
{
    std::string out = "[";
    for (const std::int64_t size : tensor.sizes())
        out += std::to_string(size) + " ";
    return out + "]";
}

/// Bit for bit, but for NaN and, where only numbers count, for the sign of 0: integers of QCDQ have no -0. Empty where
/// they are equal, else how far apart they are.
std::string difference(const at::Tensor &a, const at::Tensor &b, bool onlyNumbers = false)
{
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type())
        return "shapes " + shapeText(a) + " and " + shapeText(b) + ", types " + c10::toString(a.scalar_type()) + " and "
            + c10::toString(b.scalar_type());
    const at::Tensor left = a.contiguous(), right = b.contiguous();
    const auto *x = left.data_ptr<float>(), *y = right.data_ptr<float>();
    float largest = 0;
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < left.numel(); ++i)
        if (std::memcmp(x + i, y + i, sizeof(float)) != 0 && !(std::isnan(x[i]) && std::isnan(y[i]))
            && !(onlyNumbers && x[i] == y[i])) {
            ++count;
            largest = std::max(largest, std::abs(x[i] - y[i]));
        }
    return count == 0 ? std::string()
                      : QString("%1 of %2 differ, by up to %3").arg(count).arg(left.numel()).arg(largest).toStdString();
}

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

    /// A late change costs what follows it, and gives what a run from the start gives; within a limit too.
    void keepsWhatDidNotChange_data()
    {
        QTest::addColumn<quint64>("limit");
        QTest::addColumn<bool>("saves");
        QTest::newRow("all") << quint64(1 << 20) << true;
        QTest::newRow("little") << quint64(8192) << true;
        QTest::newRow("nothing") << quint64(0) << false;
    }
    void keepsWhatDidNotChange()
    {
        QFETCH(const quint64, limit);
        QFETCH(const bool, saves);
        const auto network = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        const at::Tensor images = arraysOf(test::sample("digits_test.npz")).at("images").narrow(0, 0, 1);
        const auto choice = fewerBits(*network, "relu3", Slot::Act, 4);
        RunEngine fresh = engineOf(network), kept = engineOf(network);
        fresh.setMemoryLimit(0);
        kept.setMemoryLimit(limit);
        QVERIFY(fresh.setQuantizers({choice}));
        const PieceResult expected = ran(fresh, {images}), before = ran(kept, {images});
        const std::size_t all = ran(fresh, {images}).nodesRun; // without the constants
        QVERIFY(kept.setQuantizers({choice}));
        const PieceResult changed = ran(kept, {images});
        QCOMPARE(difference(changed.outputs[0], expected.outputs[0]), std::string());
        QVERIFY(!difference(changed.outputs[0], before.outputs[0]).empty());
        QVERIFY(saves ? 2 * changed.nodesRun < all : changed.nodesRun == all);
        QVERIFY(kept.setQuantizers({}));
        QCOMPARE(difference(ran(kept, {images}).outputs[0], before.outputs[0]), std::string());
    }

    void placesOfQuantizers_data() { corpus_data(); }
    /// Every quantizer has a place where another can stand, but for those within an operator.
    void placesOfQuantizers()
    {
        QFETCH(const QString, model);
        const auto network = networkOf(model.toStdString());
        const bool isCell = model.contains("lstm_only");
        QStringList without;
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (slot.quantizer && slot.spans.empty() && !(isCell && slot.tensor == nullptr))
                    without.push_back(QString::fromStdString(layer.name + ":" + std::string(slotName(slot.slot))));
        QCOMPARE(without.join(" "), QString());
    }

    /// The quantizers of a checkpoint, with its float weights, on the graph of its export.
    void quantizersOfTheCheckpoint_data()
    {
        QTest::addColumn<QString>("ending");
        QTest::newRow("QONNX") << "qonnx.onnx";
        QTest::newRow("QCDQ") << "qcdq.onnx";
    }
    void quantizersOfTheCheckpoint()
    {
        QFETCH(const QString, ending);
        const auto checkpoint = openNetwork(test::sample("digits_fixed.pt"));
        QVERIFY(checkpoint.has_value());
        const auto network = networkOf(test::sample(("digits_fixed_" + ending).toStdString()));
        std::vector<QuantizerChoice> choices;
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                const Layer *other = checkpoint->layer(layer.name);
                QVERIFY2(other != nullptr && other->slot(slot.slot) != nullptr, layer.name.c_str());
                choices.push_back({{layer.id, slot.slot}, *other->slot(slot.slot)});
            }
        QCOMPARE(choices.size(), std::size_t(12));
        const at::Tensor image = arraysOf(test::sample("digits_test.npz")).at("images").narrow(0, 0, 1);
        RunEngine engine = engineOf(network);
        const at::Tensor before = ran(engine, {image}).outputs[0];
        QVERIFY(engine.setQuantizers(choices));
        QCOMPARE(difference(ran(engine, {image}).outputs[0], before, true), std::string());
        // Other bits of one weight are seen in the output, whether the file holds its floats or its codes.
        for (QuantizerChoice &choice : choices)
            if (network->layer(choice.first.layer).name == "conv1" && choice.first.slot == Slot::Weight)
                choice.second->quantizer->bitWidth = 3;
        QVERIFY(engine.setQuantizers(choices));
        const at::Tensor after = ran(engine, {image}).outputs[0];
        QVERIFY(!difference(after, before, true).empty());
        const auto qonnx = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        const Layer *conv1 = qonnx->layer("conv1");
        QVERIFY(conv1 != nullptr);
        RunEngine other = engineOf(qonnx);
        SlotQuantizer fewer = *checkpoint->layer("conv1")->slot(Slot::Weight);
        fewer.quantizer->bitWidth = 3;
        QVERIFY(other.setQuantizers({{{conv1->id, Slot::Weight}, fewer}}));
        QCOMPARE(difference(ran(other, {image}).outputs[0], after, true), std::string());
    }

    void refusesExchanges()
    {
        const auto network = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        RunEngine engine = engineOf(network);
        const Layer *conv1 = network->layer("conv1");
        SlotQuantizer other = *network->layer("conv2")->slot(Slot::Weight);
        const auto shape = engine.setQuantizers({{{conv1->id, Slot::Weight}, other}});
        QVERIFY(!shape.has_value());
        QCOMPARE(shape.error().message,
            std::string("conv1 (weight): has shape [32, 16, 3, 3], and its place in the graph [16, 1, 3, 3]"));
        const auto place = engine.setQuantizers({{{conv1->id, Slot::Output}, std::nullopt}});
        QVERIFY(!place.has_value());
        QCOMPARE(place.error().message,
            std::string("conv1 (output): no place in the graph is known where another quantizer could stand instead of "
                        "it"));
    }

    void stopsByName()
    {
        test::OnnxBuilder builder;
        builder.input("x")
            .output("y")
            .node("Relu", {"x"}, {"r"}, "first")
            .node("Quark", {"r"}, {"q"}, "odd", "my.domain");
        builder.node("Relu", {"q"}, {"y"}, "last");
        RunEngine engine = engineOf(std::make_shared<const Network>(test::recoverOnnxBytes(builder.model())));
        const auto result = engine.run({{at::ones({2, 2})}}, {}, {});
        QVERIFY(result.has_value());
        QCOMPARE(result->stopped.value_or(""),
            std::string("node odd (Quark): the operator my.domain.Quark is not known here, so the network runs only up "
                        "to it"));
        QCOMPARE(result->nodesRun, std::size_t(1));
        QVERIFY(result->outputs.empty());
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("second");
        QTest::addColumn<QString>("message");
        QTest::newRow("a circle")
            << "b"
            << "node one (Add) reads what is made of what it makes, in a circle: the graph cannot be run";
        QTest::newRow("a missing input") << "nowhere"
                                         << "node one (Add) reads nowhere, which nothing makes";
    }
    void refuses()
    {
        QFETCH(const QString, second);
        QFETCH(const QString, message);
        test::OnnxBuilder builder;
        builder.input("x")
            .output("b")
            .node("Add", {"x", second.toStdString()}, {"a"}, "one")
            .node("Relu", {"a"}, {"b"}, "two");
        const auto engine = RunEngine::create(std::make_shared<const Network>(test::recoverOnnxBytes(builder.model())));
        QVERIFY(!engine.has_value());
        QCOMPARE(QString::fromStdString(engine.error().message), message);
    }

    void cancels()
    {
        RunEngine engine = engineOf(networkOf(test::sample("digits_fixed_qonnx.onnx")));
        const at::Tensor images = arraysOf(test::sample("digits_test.npz")).at("images");
        std::size_t asked = 0;
        const auto result = engine.run({{images}}, {}, [&](std::size_t, std::size_t) { return ++asked == 4; });
        QVERIFY(!result.has_value());
        QVERIFY(result.error().kind == ErrorKind::Cancelled);
        QCOMPARE(asked, std::size_t(4));
        QCOMPARE(ran(engine, {images}).outputs.size(), std::size_t(1));
    }

    void floatIsNoQuantizer()
    {
        test::OnnxBuilder builder;
        builder.input("x").output("y").tensor<float>("s", {}, {0.5f}).tensor<float>("z", {}, {0.0f});
        builder.tensor<float>("b", {}, {3.0f})
            .node("Quant", {"x", "s", "z", "b"}, {"q"}, "quant", "qonnx.custom_op.general",
                {{{"signed", 1}, {"narrow", 0}}, {}});
        builder.node("Relu", {"q"}, {"y"}, "relu");
        const auto network = std::make_shared<const Network>(test::recoverOnnxBytes(builder.model()));
        const Layer &layer = network->layers.at(0);
        RunEngine engine = engineOf(network);
        const at::Tensor x = at::tensor({-3.0f, -0.3f, 0.25f, 0.26f, 1.3f, 9.0f});
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.0f, 0.5f, 1.5f, 1.5f})), std::string());
        QVERIFY(engine.setQuantizers({{{layer.id, layer.slots.at(0).slot}, std::nullopt}}));
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.25f, 0.26f, 1.3f, 9.0f})), std::string());
        QVERIFY(engine.setQuantizers({}));
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.0f, 0.5f, 1.5f, 1.5f})), std::string());
    }

private:
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

    static QuantizerChoice fewerBits(const Network &network, std::string_view name, Slot slot, int bits)
    {
        const Layer *layer = network.layer(name);
        SlotQuantizer other = *layer->slot(slot);
        other.quantizer->bitWidth = bits;
        return {{layer->id, slot}, other};
    }
};

QTEST_GUILESS_MAIN(TestRunEngine)
#include "tst_run_engine.moc"
