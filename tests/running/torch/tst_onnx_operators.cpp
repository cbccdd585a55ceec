#include "formats/onnx/onnx_reader.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_memory.h"
#include "run/torch/tensor_values.h"
#include "support/onnx_builder.h"
#include "support/paths.h"

#include <QDir>

#include <ATen/core/Tensor.h>
#include <ATen/ops/isclose.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace quantscope;

namespace {

constexpr const char *kTestData = "/usr/share/libonnx-testdata/data/";

/// Texts, sequences, optional values, loops, random numbers, training, signals and boxes.
const std::set<std::string> kNotRun = {"Adagrad", "Adam", "BlackmanWindow", "Bernoulli", "ConcatFromSequence", "DFT",
    "Det", "Gradient", "GridSample", "HammingWindow", "HannWindow", "If", "Loop", "MaxUnpool", "MelWeightMatrix",
    "Momentum", "NegativeLogLikelihoodLoss", "NonMaxSuppression", "Optional", "OptionalGetElement",
    "OptionalHasElement", "RandomUniformLike", "RoiAlign", "STFT", "Scan", "SequenceAt", "SequenceConstruct",
    "SequenceEmpty", "SequenceInsert", "SequenceLength", "SequenceMap", "SoftmaxCrossEntropyLoss", "SplitToSequence",
    "StringNormalizer", "TfIdfVectorizer", "Unique"};

std::string textOf(const QString &path)
{
    const std::vector<std::byte> bytes = test::bytesOf(path.toStdString());
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// input_0.pb, input_1.pb, ...
std::vector<at::Tensor> tensorsOf(const QString &folder, const QString &kind)
{
    std::vector<at::Tensor> out;
    for (int i = 0; QFile::exists(QString("%1/%2_%3.pb").arg(folder, kind).arg(i)); ++i) {
        const std::string proto = textOf(QString("%1/%2_%3.pb").arg(folder, kind).arg(i));
        const std::string model = test::OnnxBuilder().initializer(proto).model();
        const auto span = std::as_bytes(std::span(model));
        const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(span.begin(), span.end()));
        out.push_back(tensorOf(readOnnx({source, "memory", {}, {}}).tensors.at(0)));
    }
    return out;
}

/// Where two tensors differ; empty when they are equal, floats within a part of themselves.
QString difference(const at::Tensor &computed, const at::Tensor &wanted, double tolerance)
{
    if (computed.scalar_type() != wanted.scalar_type())
        return QString("type %1 instead of %2")
            .arg(c10::toString(computed.scalar_type()), c10::toString(wanted.scalar_type()));
    if (computed.sizes() != wanted.sizes())
        return QString::fromStdString(
            fmt::format("shape {} instead of {}", fmt::join(computed.sizes(), "x"), fmt::join(wanted.sizes(), "x")));
    const bool exact = !wanted.is_floating_point();
    const at::Tensor a = computed.to(at::kDouble), b = wanted.to(at::kDouble);
    const at::Tensor same = at::isclose(a, b,
        exact                            ? 0
            : wanted.element_size() == 2 ? 1e-2
                                         : tolerance,
        exact ? 0 : 1e-6, true);
    if (same.all().item().toBool())
        return {};
    const at::Tensor places = same.logical_not().reshape({-1}).nonzero().reshape({-1});
    const std::int64_t first = places.select(0, 0).item().toLong();
    return QString("%1 of %2 elements differ, the first: %3 instead of %4")
        .arg(places.numel())
        .arg(wanted.numel())
        .arg(a.reshape({-1}).select(0, first).item().toDouble())
        .arg(b.reshape({-1}).select(0, first).item().toDouble());
}

} // namespace

/// Operators as onnx' own tests have them (Debian's libonnx-testdata): what flows in, and what must come out.
class TestOnnxOperators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!QDir(kTestData).exists())
            QSKIP("libonnx-testdata is not installed: onnx' own tests of its operators are not run");
    }

    void equalsReference_data()
    {
        QTest::addColumn<QString>("folder");
        for (const char *kind : {"node", "pytorch-converted", "pytorch-operator", "simple"})
            for (const QString &name : QDir(QString(kTestData) + kind).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
                QTest::newRow(qPrintable(name)) << QString("%1%2/%3").arg(kTestData, kind, name);
    }
    void equalsReference()
    {
        QFETCH(QString, folder);
        if (folder.contains("_downsample_scales_") && folder.endsWith("align_corners"))
            QSKIP("its corners are those of 2.4 elements, where onnxruntime and torch have those of the result's two");
        if (folder.contains("training_dropout") && !folder.contains("zero"))
            QSKIP("what drops at random is not run");
        if (folder.contains("STRING") || folder.contains("BFLOAT16"))
            QSKIP("texts are not run, and the data of bfloat16 are written as uint16");
        const QString data = folder + "/test_data_set_0";
        std::optional<Network> network;
        std::vector<at::Tensor> inputs, wanted;
        try {
            network = test::recoverOnnxBytes(textOf(folder + "/model.onnx"));
            inputs = tensorsOf(data, "input");
            wanted = tensorsOf(data, "output");
        } catch (const std::exception &error) {
            QSKIP(error.what());
        }
        for (const Node &node : network->file->graph->nodes)
            if (kNotRun.contains(node.opType))
                QSKIP(qPrintable(QString::fromStdString(node.opType + " is not run")));
        auto engine = RunEngine::create(std::make_shared<const Network>(std::move(*network)));
        QVERIFY2(engine.has_value(), engine ? "" : engine.error().message.c_str());
        inputs.resize(std::min(inputs.size(), engine->inputNames().size()));
        const auto result = engine->run(inputs, {}, {});
        QVERIFY2(result.has_value(), result ? "" : result.error().message.c_str());
        QVERIFY2(!result->stopped, result->stopped.value_or("").c_str());
        QVERIFY(!wanted.empty() && result->outputs.size() >= wanted.size());
        const double tolerance = folder.contains("window") ? 1e-3 : 1e-4; // those write pi with four digits
        for (std::size_t i = 0; i < wanted.size(); ++i)
            QCOMPARE(QString("output %1: %2").arg(i).arg(difference(result->outputs[i], wanted[i], tolerance)),
                QString("output %1: ").arg(i));
    }

    /// Small files that ask for what no machine has, or for what is not defined: one line says why.
    void hostile_data()
    {
        QTest::addColumn<std::string>("model");
        QTest::addColumn<QString>("reason");
        using test::OnnxBuilder;
        const auto row = [](const char *name, const OnnxBuilder &graph, const char *reason) {
            QTest::newRow(name) << OnnxBuilder(graph).output("y").model() << reason;
        };
        const std::int64_t million = 1 << 20;
        const auto withShape = [&](const char *op, const std::vector<std::int64_t> &numbers) {
            return OnnxBuilder()
                .tensor<float>("one", {1}, {1})
                .tensor<std::int64_t>("n", {static_cast<std::int64_t>(numbers.size())}, numbers)
                .node(op, {"one", "n"}, {"y"});
        };
        row("Expand", withShape("Expand", {million, million}), "its result would have more than 4294967296 elements");
        row("Tile", withShape("Tile", {std::int64_t{1} << 31}), "a number of repeats cannot be 2147483648");
        row("Pad", withShape("Pad", {std::int64_t{1} << 40, 0}), "a padding cannot be 1099511627776");
        row("Pad within limits", withShape("Pad", {std::int64_t{1} << 30, 0}), "there is not enough memory");
        row("Reshape", withShape("Reshape", {-1, -1}), "only one dimension can be inferred");
        row("Squeeze", withShape("Squeeze", {7}), "axis 7 is none of a tensor with 1 axes");
        row("Split", withShape("Split", {-1}), "split_with_sizes expects");
        row("TopK", withShape("TopK", {2}), "it takes 2 of 1 elements");
        row("CumSum", withShape("CumSum", {1, 2}), "its input 2 has 2 elements instead of one");
        row("Gather", withShape("Gather", {5}), "index out of range");
        row("ConstantOfShape",
            OnnxBuilder().tensor<std::int64_t>("n", {2}, {million, 1024}).node("ConstantOfShape", {"n"}, {"y"}),
            "there is not enough memory");
        row("Resize",
            OnnxBuilder()
                .tensor<float>("x", {1, 1}, {1})
                .tensor<float>("s", {2}, {1e9f, 1e9f})
                .node("Resize", {"x", "", "s"}, {"y"}),
            "its result would have more than 4294967296 elements");
        row("Range",
            OnnxBuilder()
                .tensor<float>("a", {}, {0})
                .tensor<float>("b", {}, {1e30f})
                .tensor<float>("c", {}, {1})
                .node("Range", {"a", "b", "c"}, {"y"}),
            "its result would have more than");
        row("Range without end",
            OnnxBuilder().tensor<float>("a", {}, {0}).tensor<float>("b", {}, {1}).node("Range", {"a", "b", "a"}, {"y"}),
            "it has no end from 0 to 1 in steps of 0");
        row("MatMul",
            OnnxBuilder()
                .tensor<float>("one", {1, 1}, {1})
                .tensor<std::int64_t>("n", {2}, {65536, 1})
                .node("Expand", {"one", "n"}, {"a"})
                .node("Transpose", {"a"}, {"b"})
                .node("MatMul", {"a", "b"}, {"y"}),
            "there is not enough memory");
        row("missing input", OnnxBuilder().tensor<float>("x", {1}, {1}).node("Add", {"x", ""}, {"y"}), "missing");
        row("other types",
            OnnxBuilder()
                .tensor<float>("x", {1}, {1})
                .tensor<std::int64_t>("i", {1}, {1})
                .node("MatMul", {"x", "i"}, {"y"}),
            "expected");
    }
    void hostile()
    {
        QFETCH(std::string, model);
        QFETCH(QString, reason);
        limitTensorMemory(std::uint64_t{1} << 31);
        auto engine = RunEngine::create(std::make_shared<const Network>(test::recoverOnnxBytes(model)));
        QVERIFY2(engine.has_value(), engine ? "" : engine.error().message.c_str());
        const auto result = engine->run({}, {}, {});
        QVERIFY(result && result->stopped);
        QVERIFY2(result->stopped->find(reason.toStdString()) != std::string::npos, result->stopped->c_str());
        QVERIFY2(result->stopped->find_first_of("\n\r") == std::string::npos, result->stopped->c_str());
    }

    /// The least integer has no positive one: a processor stops at the division.
    void leastIntegerByMinusOne()
    {
        const std::vector<std::int64_t> least{INT64_MIN, 7}, by{-1, -1};
        for (const char *op : {"Div", "Mod"}) {
            const std::string model = test::OnnxBuilder()
                                          .tensor<std::int64_t>("x", {2}, least)
                                          .tensor<std::int64_t>("b", {2}, by)
                                          .node(op, {"x", "b"}, {"y"})
                                          .output("y")
                                          .model();
            auto engine = RunEngine::create(std::make_shared<const Network>(test::recoverOnnxBytes(model)));
            const auto result = engine->run({}, {}, {});
            QVERIFY(result && !result->stopped);
            QCOMPARE(result->outputs[0].select(0, 1).item().toLong(), op[0] == 'D' ? -7 : 0);
        }
    }
};

QTEST_APPLESS_MAIN(TestOnnxOperators)
#include "tst_onnx_operators.moc"
