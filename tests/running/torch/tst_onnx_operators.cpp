#include "formats/onnx/onnx_reader.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
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
};

QTEST_APPLESS_MAIN(TestOnnxOperators)
#include "tst_onnx_operators.moc"
