#include "support/onnx_network.h"
#include "support/onnx_writer.h"
#include "support/paths.h"

#include "network/feeds.h"

using namespace quantscope;
using namespace quantscope::test::proto;

namespace {

/// "NAME: OP(inputs) -> outputs" of each node, with its scope.
QStringList nodesOf(const ModelFile &file)
{
    QStringList out;
    const auto names = [&](const std::vector<ValueId> &ids) {
        QStringList list;
        for (const ValueId id : ids)
            list << (id == kNoValue ? "-" : QString::fromStdString(file.graph->values[id].name));
        return list.join(",");
    };
    for (const Node &node : file.graph->nodes)
        out << QString("%1:%2 %3(%4) -> %5")
                   .arg(QString::fromStdString(node.scope), QString::fromStdString(node.name),
                       QString::fromStdString(node.opType), names(node.inputs), names(node.outputs));
    return out;
}

QStringList diagnosticsOf(const std::vector<Diagnostic> &diagnostics)
{
    QStringList out;
    for (const Diagnostic &d : diagnostics)
        out << QString::fromStdString(d.rule + ": " + d.text);
    return out;
}

Network networkOf(const std::shared_ptr<const ModelFile> &file)
{
    Network network = listOnnx(file);
    network.diagnostics = file->diagnostics;
    recoverOnnx(network, {});
    return network;
}

/// "NAME codes scale" of each layer's weight.
QStringList weightsOf(const Network &network)
{
    QStringList out;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *slot = layer.slot(Slot::Weight);
        QString line = QString::fromStdString(layer.name);
        if (slot != nullptr && slot->isReadable()) {
            CodeReader reader(*slot);
            std::vector<std::int64_t> codes(reader.count());
            reader.integers(0, codes);
            for (const std::int64_t code : codes)
                line += " " + QString::number(code);
            line += QString(" x %1").arg(double(slot->quantizer->scale->values[0]));
        }
        out << line;
    }
    return out;
}

/// QLin(a, w; s, axis) = a * dequantize(w, s)
std::string quantizedLinear()
{
    return function("QLin", {"a", "w"}, {"o"},
        {node("Constant", "", {}, {"s"}, {reference("value", "scale", 4)}),
            node("DequantizeLinear", "dq", {"w", "s"}, {"d"}), node("MatMul", "inner", {"a", "d"}, {"o"})},
        text(6, "scale"));
}

std::string call(
    const std::string &name, const std::vector<std::string> &inputs, const std::string &output, float scale)
{
    return node("QLin", name, inputs, {output}, {tensorAttribute("scale", floats("", {}, {scale}))}, "my.dom");
}

} // namespace

/// Truth: onnx IR.md, "Functions" and "Attributes": a call is its function's body with the call's inputs and
/// attributes.
class TestOnnxFunctions : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void calledTwiceIsTwoLayers()
    {
        const auto file
            = read(model({{call("c1", {"x", "w1"}, "h", 0.5f), call("c2", {"h", "w2"}, "y", 0.25f)},
                             {int8s("w1", {2, 2}, {1, 2, 3, 4}), int8s("w2", {2, 2}, {5, 6, 7, 8})}, {"x"}, {"y"}},
                {quantizedLinear()}));
        QCOMPARE(nodesOf(*file),
            (QStringList{"c1/function QLin:dq DequantizeLinear(w1,s) -> d", "c1/function QLin:inner MatMul(x,d) -> h",
                "c2/function QLin:dq DequantizeLinear(w2,s) -> d", "c2/function QLin:inner MatMul(h,d) -> y"}));
        const Network network = networkOf(file);
        QCOMPARE(diagnosticsOf(network.diagnostics), QStringList());
        QCOMPARE(weightsOf(network),
            (QStringList{"c1/function QLin:inner 1 2 3 4 x 0.5", "c2/function QLin:inner 5 6 7 8 x 0.25"}));
        QCOMPARE(fedByNames(network, layerId(1)), (std::vector<std::string>{"c1/function QLin:inner"}));
    }

    /// As torch.onnx.export(export_modules_as_functions=...) writes them: nodes of bodies have no names.
    void modulesAsFunctions()
    {
        const std::string linear = function("Linear", {"a", "w"}, {"o"},
            {node("DequantizeLinear", "DequantizeLinear_0", {"w", "s"}, {"d"}),
                node("Constant", "Constant_1", {}, {"s"}, {tensorAttribute("value", floats("", {}, {2}))}),
                node("MatMul", "MatMul_2", {"a", "d"}, {"o"})});
        const auto file
            = read(model({{node("Linear", "/b1/fc/Linear", {"x", "b1.fc.weight"}, {"h"}, {}, "my.dom"),
                              node("Linear", "/head/Linear", {"h", "head.weight"}, {"y"}, {}, "my.dom")},
                             {int8s("b1.fc.weight", {1, 1}, {1}), int8s("head.weight", {1, 1}, {2})}, {"x"}, {"y"}},
                {linear}));
        QCOMPARE(weightsOf(networkOf(file)), (QStringList{"b1.fc 1 x 2", "head 2 x 2"}));
    }

    void calledOnceHasItsName()
    {
        const auto file
            = read(model({{call("c1", {"x", "w1"}, "y", 0.5f)}, {int8s("w1", {2, 2}, {1, 2, 3, 4})}, {"x"}, {"y"}},
                {quantizedLinear()}));
        QCOMPARE(weightsOf(networkOf(file)), (QStringList{"function QLin:inner 1 2 3 4 x 0.5"}));
    }

    void neverCalledIsStillListed()
    {
        const auto file = read(model({{node("Relu", "r", {"x"}, {"y"})}, {}, {"x"}, {"y"}},
            {function("Spare", {"a"}, {"o"},
                {node("Constant", "", {}, {"w"}, {tensorAttribute("value", int8s("", {1, 2}, {7, -7}))}),
                    node("Constant", "", {}, {"s"}, {text(1, "value_float") + fixed32(2, 2.0f) + number(20, 1)}),
                    node("DequantizeLinear", "", {"w", "s"}, {"d"}), node("MatMul", "mm", {"a", "d"}, {"o"})})}));
        QCOMPARE(weightsOf(networkOf(file)), (QStringList{"function Spare:mm 7 -7 x 2"}));
    }

    /// Outer calls Inner twice and hands its own attribute on; Inner has a default.
    void nested()
    {
        const std::string inner = function("Inner", {"a"}, {"o"},
            {node("Transpose", "t", {"a"}, {"o"}, {reference("perm", "p", 7), reference("gone", "absent", 2)})},
            text(6, "p") + text(11, attribute("p", std::vector<std::int64_t>{1, 0})));
        const std::string outer = function("Outer", {"a"}, {"o"},
            {node("Inner", "i1", {"a"}, {"h"}, {reference("p", "q", 7)}, "my.dom"),
                node("Inner", "i2", {"h"}, {"o"}, {}, "my.dom")});
        const auto file = read(
            model({{node("Outer", "c", {"x"}, {"y"}, {attribute("q", std::vector<std::int64_t>{0, 1})}, "my.dom")}, {},
                      {"x"}, {"y"}},
                {outer, inner}));
        QCOMPARE(nodesOf(*file),
            (QStringList{"function Outer/i1/function Inner:t Transpose(x) -> h",
                "function Outer/i2/function Inner:t Transpose(h) -> y"}));
        QCOMPARE(file->graph->nodes[0].attribute("perm")->ints, (std::vector<std::int64_t>{0, 1}));
        QCOMPARE(file->graph->nodes[1].attribute("perm")->ints, (std::vector<std::int64_t>{1, 0}));
        QVERIFY(file->graph->nodes[0].attribute("gone") == nullptr);
    }

    void absentOperandsAndValuesHandedThrough()
    {
        const std::string body = function("Maybe", {"a", "lo", "hi"}, {"o", "same", "unused"},
            {node("Clip", "clip", {"a", "lo", "hi"}, {"o"}), node("Neg", "neg", {"a"}, {"unused"})});
        const std::string through = function("Through", {"a"}, {"a"}, {});
        const auto file = read(model({{node("Maybe", "m", {"x", "", "x"}, {"y", "", ""}, {}, "my.dom"),
                                          node("Through", "t", {"y"}, {"z"}, {}, "my.dom")},
                                         {}, {"x"}, {"z"}},
            {body, through}));
        QCOMPARE(nodesOf(*file),
            (QStringList{"function Maybe:clip Clip(x,-,x) -> y", "function Maybe:neg Neg(x) -> unused",
                "function Through: Identity(y) -> z"}));
    }

    /// Nodes need not be sorted: what a call reads may be made further below.
    void unsorted()
    {
        const auto file = read(model({{call("c1", {"h", "w1"}, "y", 0.5f), node("Relu", "r", {"x"}, {"h"})},
                                         {int8s("w1", {1, 1}, {3})}, {"x"}, {"y"}},
            {quantizedLinear()}));
        QCOMPARE(diagnosticsOf(file->diagnostics), QStringList());
        QCOMPARE(nodesOf(*file).mid(1, 2), (QStringList{"function QLin:inner MatMul(h,d) -> y", ":r Relu(x) -> h"}));
    }

    void overloads()
    {
        const auto of = [](const std::string &op, const std::string &overload) {
            return function("F", {"a"}, {"o"}, {node(op, "", {"a"}, {"o"})}, text(13, overload));
        };
        const auto file = read(model(
            {{node("F", "1", {"x"}, {"h"}, {}, "my.dom") + text(8, "b"), node("F", "2", {"h"}, {"y"}, {}, "my.dom")},
                {}, {"x"}, {"y"}},
            {of("Relu", ""), of("Neg", "b"), of("Abs", "")}));
        QCOMPARE(nodesOf(*file),
            (QStringList{"function F: Neg(x) -> h", "function F: Relu(h) -> y", "function F: Abs(a) -> o"}));
        QCOMPARE(diagnosticsOf(file->diagnostics),
            (QStringList{"function-twice: Function 'F' is defined twice; the first one is called."}));
    }

    void recursion()
    {
        const auto file = read(model({{node("F", "c", {"x"}, {"y"}, {}, "my.dom")}, {}, {"x"}, {"y"}},
            {function("F", {"a"}, {"o"}, {node("G", "g", {"a"}, {"o"}, {}, "my.dom")}),
                function("G", {"a"}, {"o"}, {node("F", "f", {"a"}, {"o"}, {}, "my.dom")})}));
        QCOMPARE(nodesOf(*file), (QStringList{"function G:f F(x) -> y"}));
        QCOMPARE(diagnosticsOf(file->diagnostics),
            (QStringList{"function-not-followed: Function 'F' calls itself: what it computes for 'f' is not shown."}));
    }

    /// 2^40 nodes of a few hundred bytes.
    void manyCalls()
    {
        std::vector<std::string> functions;
        for (int i = 0; i < 40; ++i) {
            const std::string next = "F" + std::to_string(i + 1);
            functions.push_back(function("F" + std::to_string(i), {"a"}, {"o"},
                {node(next, "", {"a"}, {"h"}, {}, "my.dom"), node(next, "", {"h"}, {"o"}, {}, "my.dom")}));
        }
        Limits limits;
        limits.calledNodes = 1000;
        const auto file
            = read(model({{node("F0", "c", {"x"}, {"y"}, {}, "my.dom")}, {}, {"x"}, {"y"}}, functions), limits);
        QVERIFY(file->graph->nodes.size() < 2000);
        QVERIFY(!file->diagnostics.empty());
        limits.graphDepth = 8;
        const auto flat
            = read(model({{node("F0", "c", {"x"}, {"y"}, {}, "my.dom")}, {}, {"x"}, {"y"}}, functions), limits);
        QCOMPARE(QString::fromStdString(flat->diagnostics.front().text),
            QString("Function 'F7' is called through more than 8 others: what it computes for 'F7' is not shown."));
    }

    /// What is known by its name needs no body: onnx.proto lets a file bring one for runtimes that lack the operator.
    void knownOperatorsStay()
    {
        const auto file
            = read(model({{node("Quant", "q", {"x", "s", "z", "b"}, {"y"}, {}, "qonnx.custom_op.general")},
                             {floats("s", {}, {1}), floats("z", {}, {0}), floats("b", {}, {4})}, {"x"}, {"y"}},
                {function("Quant", {"a", "s", "z", "b"}, {"o"}, {node("Round", "", {"a"}, {"o"})}, "",
                    "qonnx.custom_op.general")}));
        QCOMPARE(nodesOf(*file).first(), QString(":q Quant(x,s,z,b) -> y"));
        QCOMPARE(diagnosticsOf(file->diagnostics),
            QStringList("function-of-known-operator: The file has a function for the operator 'Quant' of "
                        "qonnx.custom_op.general, which is called: it is shown as the operator of that name is, "
                        "whatever the function computes."));
    }

    /// A branch of If inside a function sees the function's names, and its attributes.
    void subgraphsInside()
    {
        const GraphParts branch{
            {node("Constant", "", {}, {"s"}, {reference("value_float", "scale", 1)}),
                node("DequantizeLinear", "", {"w", "s"}, {"d"}), node("MatMul", "mm", {"a", "d"}, {"r"})},
            {}, {}, {"r"}};
        const auto file = read(model(
            {{node("F", "c1", {"x", "w1"}, {"h"}, {text(1, "scale") + fixed32(2, 4.0f) + number(20, 1)}, "my.dom"),
                 node("F", "c2", {"h", "w1"}, {"y"}, {text(1, "scale") + fixed32(2, 8.0f) + number(20, 1)}, "my.dom")},
                {int8s("w1", {1, 1}, {3})}, {"x", "cond"}, {"y"}},
            {function("F", {"a", "w"}, {"o"},
                {node("If", "sel", {"a"}, {"o"},
                    {graphAttribute("then_branch", branch.bytes()),
                        graphAttribute("else_branch", branch.bytes())})})}));
        const Network network = networkOf(file);
        QCOMPARE(weightsOf(network),
            (QStringList{"c1/function F/sel/then_branch:mm 3 x 4", "c1/function F/sel/else_branch:mm 3 x 4",
                "c2/function F/sel/then_branch:mm 3 x 8", "c2/function F/sel/else_branch:mm 3 x 8"}));
        QCOMPARE(fedByNames(network, layerId(2)),
            (std::vector<std::string>{"c1/function F/sel/then_branch:mm", "c1/function F/sel/else_branch:mm"}));
    }

    void truncationAtEveryByte()
    {
        const std::string whole = model(
            {{call("c1", {"x", "w1"}, "h", 0.5f)}, {int8s("w1", {1, 1}, {3})}, {"x"}, {"h"}}, {quantizedLinear()});
        int opened = 0;
        for (std::size_t length = 0; length < whole.size(); ++length) {
            try {
                read(whole.substr(0, length));
                ++opened;
            } catch (const ParseError &) {
            }
        }
        QCOMPARE(opened, 1); // before the function
    }
};

QTEST_APPLESS_MAIN(TestOnnxFunctions)
#include "tst_onnx_functions.moc"
