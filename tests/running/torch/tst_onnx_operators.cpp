#include "formats/onnx/onnx_reader.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_memory.h"
#include "run/torch/tensor_values.h"
#include "support/onnx_builder.h"
#include "support/onnx_skipped_tests.h"
#include "support/paths.h"

#include <QDir>

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/isclose.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>

using namespace quantscope;

namespace {

constexpr const char *kTestData = "/usr/share/libonnx-testdata/data/";

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
        if (const char *why = test::whySkipped(folder.section('/', -1)))
            QSKIP(why);
        const QString data = folder + "/test_data_set_0";
        std::optional<Network> network;
        std::vector<at::Tensor> inputs, wanted;
        try {
            network = test::recoverOnnxBytes(textOf(folder + "/model.onnx"));
            for (const Node &node : network->file->graph->nodes)
                if (const auto known = test::kNotRun.find(node.opType); known != test::kNotRun.end())
                    QSKIP(known->second);
            inputs = tensorsOf(data, "input");
            wanted = tensorsOf(data, "output");
        } catch (const std::exception &error) {
            QFAIL(error.what());
        }
        auto engine = RunEngine::create(std::make_shared<const Network>(std::move(*network)));
        QVERIFY2(engine.has_value(), engine ? "" : engine.error().message.c_str());
        inputs.resize(std::min(inputs.size(), engine->inputNames().size()));
        const auto result = engine->run(inputs, {}, {});
        QVERIFY2(result.has_value(), result ? "" : result.error().message.c_str());
        QVERIFY2(!result->stopped, result->stopped.value_or("").c_str());
        QVERIFY(!wanted.empty() && result->outputs.size() >= wanted.size());
        const bool isRough = folder.contains("window") || folder.contains("gridsample"); // written with four digits
        const double tolerance = isRough ? 1e-3 : 1e-4;
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
        row("Pad of another rank", withShape("Pad", {1, 1, 1}), "it has 3 paddings for 1 axes");
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
        loopRows();
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

    /// Windows of an image, and what multiplies each channel of them: equal to a convolution of channels by themselves.
    void windowsOfFinn()
    {
        const at::Tensor x = at::arange(36, at::TensorOptions(at::kFloat)).remainder(7).sub(3).reshape({1, 3, 6, 2});
        const at::Tensor kernels = at::arange(8, at::TensorOptions(at::kFloat)).sub(3).reshape({2, 1, 2, 2});
        const at::Tensor expected
            = at::convolution(x.permute({0, 3, 1, 2}), kernels, {}, {1, 2}, {0, 0}, {1, 2}, false, {0, 0}, 2)
                  .permute({0, 2, 3, 1});
        const std::string model
            = test::OnnxBuilder()
                  .input("x")
                  .output("y")
                  .tensor<float>("w", {2, 1, 2, 2}, {-3, -2, -1, 0, 1, 2, 3, 4})
                  .node("ConvolutionInputGenerator", {"x"}, {"windows"}, "", kFpga,
                      {{{"depthwise", 1}}, {}, {{"ConvKernelDim", {2, 2}}, {"Stride", {1, 2}}, {"Dilation", {1, 2}}}})
                  .node("VectorVectorActivation", {"windows", "w"}, {"y"}, "", kFpga,
                      {{{"noActivation", 1}, {"PE", 1}}, {}})
                  .model();
        QCOMPARE(difference(made(model, x), expected, 0), QString());
    }

    /// By hand: channels one behind the other (PE 1) or interleaved (PE 2), and thresholds behind.
    void channelsOfWindows_data()
    {
        QTest::addColumn<qint64>("atOnce");
        QTest::addColumn<bool>("hasThresholds");
        QTest::addColumn<std::vector<float>>("expected");
        QTest::newRow("one behind the other") << qint64(1) << false << std::vector<float>{9, -1};
        QTest::newRow("interleaved") << qint64(2) << false << std::vector<float>{15, -2};
        QTest::newRow("thresholds") << qint64(1) << true << std::vector<float>{-1, -3}; // of 8, 9, 10: two and none
    }
    void channelsOfWindows()
    {
        QFETCH(qint64, atOnce);
        QFETCH(bool, hasThresholds);
        QFETCH(std::vector<float>, expected);
        const std::string model
            = test::OnnxBuilder()
                  .input("x")
                  .output("y")
                  .tensor<float>("w", {2, 1, 2, 2}, {1, 0, 0, 2, 0, 1, -1, 0})
                  .tensor<float>("t", {1, 3}, {8, 9, 10})
                  .node("VVAU_hls", {"x", "w", "t"}, {"y"}, "", kFpga,
                      {{{"noActivation", hasThresholds ? 0 : 1}, {"PE", atOnce}, {"ActVal", -3}}, {}})
                  .model();
        const at::Tensor x = at::arange(1, 9, at::TensorOptions(at::kFloat)).reshape({1, 1, 1, 8});
        QCOMPARE(difference(made(model, x), at::tensor(expected).reshape({1, 1, 1, 2}), 0), QString());
    }

    /// QONNX' channels last has its weight as O, H, W, I, and turns both.
    void channelsLast()
    {
        const at::Tensor x = at::arange(24, at::TensorOptions(at::kFloat)).remainder(5).reshape({1, 3, 4, 2});
        const at::Tensor expected = at::convolution(x.permute({0, 3, 1, 2}),
            at::tensor({1.0f, -2.0f, 3.0f, 4.0f}).reshape({1, 1, 2, 2}).permute({0, 3, 1, 2}), {}, {1, 1}, {0, 0},
            {1, 1}, false, {0, 0}, 1);
        const std::string model = test::OnnxBuilder()
                                      .input("x")
                                      .output("y")
                                      .tensor<float>("w", {1, 1, 2, 2}, {1, -2, 3, 4})
                                      .node("Conv", {"x", "w"}, {"y"}, "", "qonnx.custom_op.channels_last")
                                      .model();
        QCOMPARE(difference(made(model, x), expected.permute({0, 2, 3, 1}), 0), QString());
    }

    void bitsThatAgree()
    {
        const std::string model = test::OnnxBuilder()
                                      .input("x")
                                      .output("y")
                                      .tensor<float>("w", {4, 1}, {1, 1, 0, 1})
                                      .node("XnorPopcountMatMul", {"x", "w"}, {"y"}, "", "qonnx.custom_op.general")
                                      .model();
        const at::Tensor x = at::tensor({1.0f, 0.0f, 1.0f, 1.0f}).reshape({1, 4});
        QCOMPARE(difference(made(model, x), at::tensor({2.0f}).reshape({1, 1}), 0), QString());
    }

    /// A loop within a loop, each with what it captures: ((x + 2) * 3 + 2) * 3, and the sums after each round.
    void loopsWithinLoops()
    {
        using test::OnnxBuilder;
        const OnnxBuilder inner
            = OnnxBuilder().input("i").input("c").input("u").output("c").output("v").node("Add", {"u", "one"}, {"v"});
        const OnnxBuilder outer = OnnxBuilder()
                                      .input("k")
                                      .input("d")
                                      .input("s")
                                      .output("d")
                                      .output("t")
                                      .output("r")
                                      .node("Loop", {"two", "", "s"}, {"r"}, "", "", {{}, {}, {}, {{"body", inner}}})
                                      .node("Mul", {"r", "three"}, {"t"});
        const std::string model
            = OnnxBuilder()
                  .input("x")
                  .output("y")
                  .output("all")
                  .tensor<std::int64_t>("two", {}, {2})
                  .tensor<float>("one", {}, {1})
                  .node("Add", {"one", "one"}, {"sum"})
                  .node("Add", {"sum", "one"}, {"three"})
                  .node("Loop", {"two", "", "x"}, {"y", "all"}, "", "", {{}, {}, {}, {{"body", outer}}})
                  .model();
        for (const float start : {5.0f, -1.0f}) {
            const auto results = allMade(model, at::tensor({start}));
            QCOMPARE(results.size(), std::size_t(2));
            const float first = start + 2, second = first * 3 + 2;
            QCOMPARE(difference(results[0], at::tensor({second * 3}), 0), QString());
            QCOMPARE(difference(results[1], at::tensor({first, second}).reshape({2, 1}), 0), QString());
        }
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

private:
    static constexpr const char *kFpga = "finn.custom_op.fpgadataflow";

    static std::vector<at::Tensor> allMade(const std::string &model, const at::Tensor &x)
    {
        auto engine = RunEngine::create(std::make_shared<const Network>(test::recoverOnnxBytes(model)));
        if (!engine)
            throw ParseError(engine.error().message);
        const auto result = engine->run({{x}}, {}, {});
        if (!result || result->stopped)
            throw ParseError(result ? *result->stopped : result.error().message);
        return result->outputs;
    }
    static at::Tensor made(const std::string &model, const at::Tensor &x) { return allMade(model, x).at(0); }

    static void loopRows()
    {
        using test::OnnxBuilder;
        const auto row = [](const char *name, const OnnxBuilder &body, const std::vector<std::string> &inputs,
                             const char *reason, const OnnxBuilder::Attributes &attributes = {}) {
            OnnxBuilder::Attributes all = attributes;
            all.subgraphs = {{"body", body}};
            QTest::newRow(name) << OnnxBuilder()
                                       .tensor<float>("x", {1}, {1})
                                       .tensor<std::int64_t>("most", {}, {INT64_MAX})
                                       .tensor<std::int64_t>("none", {}, {0})
                                       .node(all.ints.empty() ? "Loop" : "Scan", inputs, {"y"}, "", "", all)
                                       .output("y")
                                       .model()
                                << reason;
        };
        const OnnxBuilder body
            = OnnxBuilder().input("i").input("c").input("v").output("c").output("w").node("Neg", {"v"}, {"w"});
        row("Loop without end", body, {"most", "", "x"}, "its loops run more than 65536 rounds");
        row("Loop without a limit", body, {"", "", "x"}, "its loops run more than 65536 rounds");
        row("Loop of few inputs", body, {"most"}, "its subgraph has 3 inputs, and 2 are given");
        row("Loop over a list", body, {"x", "", "x"}, "its input 1 is no short list of integers");
        row("Loop whose condition is no tensor of one",
            OnnxBuilder().input("i").input("c").input("v").output("v2").output("v").node(
                "Concat", {"v", "v"}, {"v2"}, "", "", {{{"axis", 0}}, {}}),
            {"most", "", "x"}, "its condition is not one truth value");
        row("Loop that gives too little", OnnxBuilder().input("i").input("c").input("v").output("c"), {"most", "", "x"},
            "its subgraph makes 1 values, and 2 are wanted");
        row("Loop without a round", OnnxBuilder().input("i").input("c").output("c").output("i"), {"none"},
            "it runs no round, so the shape of what it collects is not known");
        row("Scan of nothing", body, {"x"}, "it has 1 inputs and scans 7 of them", {{{"num_scan_inputs", 7}}, {}});
        row("Scan along no axis", OnnxBuilder().input("v").output("v"), {"x"}, "axis 5 is none of a tensor with 1 axes",
            {{{"num_scan_inputs", 1}}, {}, {{"scan_input_axes", {5}}}});
        row("Scan without a subgraph's axes", OnnxBuilder().input("v").output("v"), {"x"},
            "its attribute 'scan_input_axes' is not a list of integers",
            {{{"num_scan_inputs", 1}, {"scan_input_axes", 0}}, {}});
    }
};

QTEST_APPLESS_MAIN(TestOnnxOperators)
#include "tst_onnx_operators.moc"
