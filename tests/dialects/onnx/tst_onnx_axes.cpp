// The model has members named `slots`.
#include "dialects/interpret.h"
#include "dialects/onnx/recover.h"
#include "formats/open_model.h"
#include "network/network.h"
#include "support/paths.h"

#include <QtTest>

using namespace quantscope;

namespace {

/// y = A B with a weight of 3 x 5 on one side and the network's input on the other; the weight may pass a Transpose.
Network productOf(const char *opType, bool weightOnTheLeft, bool transpose, std::int64_t transB)
{
    auto file = std::make_shared<ModelFile>();
    file->tensors.emplace_back();
    file->tensors[0].name = "weight";
    file->tensors[0].dtype = DType::Float32;
    file->tensors[0].shape = {3, 5};
    Graph graph;
    graph.values.resize(4); // x, the stored weight, the transposed one, y
    graph.values[0].graphInput = true;
    graph.values[1].tensor = 0;
    graph.inputs = {0};
    graph.outputs = {3};
    const auto addNode = [&](const char *type, std::vector<ValueId> inputs, ValueId output) -> Node & {
        const auto id = static_cast<NodeId>(graph.nodes.size());
        for (const ValueId input : inputs)
            graph.values[input].consumers.push_back(id);
        graph.values[output].producer = id;
        Node &node = graph.nodes.emplace_back();
        node.opType = type;
        node.inputs = std::move(inputs);
        node.outputs = {output};
        return node;
    };
    if (transpose)
        addNode("Transpose", {1}, 2);
    const ValueId weight = transpose ? 2 : 1;
    Node &product
        = addNode(opType, weightOnTheLeft ? std::vector<ValueId>{weight, 0} : std::vector<ValueId>{0, weight}, 3);
    product.name = "product";
    Attribute &attribute = product.attributes.emplace_back();
    attribute.name = "transB";
    attribute.kind = Attribute::Kind::Int;
    attribute.i = transB;
    file->graph = std::move(graph);
    file->buildIndex();
    return listOnnx(std::move(file));
}

} // namespace

/// Which axis of a stored weight holds the output channels: layouts and per-channel figures depend on it.
class TestOnnxAxes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void axes_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("axis");
        QTest::newRow("Conv") << "onnx/qdq_per_axis.onnx"
                              << "conv" << 0;
        QTest::newRow("ConvTranspose") << "onnx/qdq_per_axis.onnx"
                                       << "deconv" << 1;
        QTest::newRow("MatMul multiplies by [in][out]") << "onnx/qdq_per_axis.onnx"
                                                        << "mm" << 1;
        QTest::newRow("Brevitas' Linear as Gemm with transB") << "brevitas/0.10.2/worked_example.qonnx.onnx"
                                                              << "l" << 0;
        QTest::newRow("Brevitas' transposed convolution") << "brevitas/0.10.2/layer_kinds_2d.qonnx.onnx"
                                                          << "t_ch" << 1;
    }

    void axes()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        const auto network = recoverQuantizers(*openModel(test::data(file.toStdString())));
        QVERIFY(network);
        const Layer *found = network->layer(layer.toStdString());
        QVERIFY(found != nullptr && found->slot("weight") != nullptr);
        QTEST(found->slot("weight")->channelAxis, "axis");
    }

    /// Worked by hand: of y = x W the columns of W make the outputs, of y = W x its rows; a transposition of the stored
    /// matrix exchanges them.
    void products_data()
    {
        QTest::addColumn<QString>("op");
        QTest::addColumn<bool>("left");
        QTest::addColumn<bool>("transpose");
        QTest::addColumn<int>("transB");
        QTest::addColumn<int>("axis");
        const auto row = [](const char *title, const char *op, bool left, bool transpose, int transB, int axis) {
            QTest::newRow(title) << op << left << transpose << transB << axis;
        };
        row("x W", "MatMul", false, false, 0, 1);
        row("x W'", "MatMul", false, true, 0, 0);
        row("W x", "MatMul", true, false, 0, 0);
        row("W' x", "MatMul", true, true, 0, 1);
        row("Gemm", "Gemm", false, false, 0, 1);
        row("Gemm with transB", "Gemm", false, false, 1, 0);
        row("Gemm with transB of a transposed weight", "Gemm", false, true, 1, 1);
        row("Gemm of a weight on the left", "Gemm", true, false, 0, 0);
        row("MatMulInteger", "MatMulInteger", false, false, 0, 1);
        row("DynamicQuantizeMatMul", "DynamicQuantizeMatMul", false, false, 0, 1);
        row("MatrixVectorActivation", "MatrixVectorActivation", false, false, 0, 1);
    }

    void products()
    {
        QFETCH(QString, op);
        QFETCH(bool, left);
        QFETCH(bool, transpose);
        QFETCH(int, transB);
        const Network network = productOf(op.toUtf8().constData(), left, transpose, transB);
        QCOMPARE(network.layers.size(), std::size_t{1});
        const SlotQuantizer *weight = network.layers[0].slot(Slot::Weight);
        QVERIFY(weight != nullptr);
        QCOMPARE(weight->shape, (Shape{3, 5}));
        QTEST(weight->channelAxis, "axis");
    }
};

QTEST_GUILESS_MAIN(TestOnnxAxes)
#include "tst_onnx_axes.moc"
