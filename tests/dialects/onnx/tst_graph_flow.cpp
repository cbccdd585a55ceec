// The networks have members called slots.

#include "dialects/onnx/recover.h"
#include "network/feeds.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <QDirIterator>
#include <QtTest>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

std::optional<Network> networkOf(const QString &path)
{
    try {
        return listOnnx(test::readOnnxFile(path.toStdString()));
    } catch (const ParseError &) {
        return std::nullopt; // a damaged file
    }
}

/// Everything that is computed from the network's inputs: no constant for sure.
std::set<NodeId> fromInputs(const Graph &graph)
{
    std::set<NodeId> seen;
    std::vector<ValueId> open;
    for (ValueId id = 0; id < graph.values.size(); ++id)
        if (graph.values[id].graphInput && !graph.values[id].tensor)
            open.push_back(id);
    while (!open.empty()) {
        const Value &value = graph.values[open.back()];
        open.pop_back();
        for (const NodeId node : value.consumers)
            if (seen.insert(node).second)
                for (const ValueId output : graph.nodes[node].outputs)
                    if (graph.value(output) != nullptr)
                        open.push_back(output);
    }
    return seen;
}

/// "Relu MaxPool": of operators by their type, of layers by name.
QString words(const Flow &flow, const std::vector<FlowNodeId> &nodes)
{
    QStringList out;
    for (const FlowNodeId id : nodes) {
        const FlowNode &node = flow.node(id);
        out << QString::fromStdString(node.isStop() || node.opType.empty() ? node.name : node.opType);
    }
    return out.join(u' ');
}

} // namespace

class TestGraphFlow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void files_data()
    {
        QTest::addColumn<QString>("path");
        for (const std::string &folder : {test::data("onnx"), test::data("brevitas"), test::sample("")}) {
            QDirIterator files(
                QString::fromStdString(folder), {u"*.onnx"_s}, QDir::Files, QDirIterator::Subdirectories);
            while (files.hasNext()) {
                const QString path = files.next();
                QTest::newRow(qPrintable(path.section(u'/', -3))) << path;
            }
        }
    }

    /// An operator is never dropped, and stands in one node alone.
    void files()
    {
        QFETCH(QString, path);
        const auto network = networkOf(path);
        if (!network)
            return;
        std::vector<int> times(network->file->graph->nodes.size(), 0);
        for (const FlowNode &node : network->flow.nodes())
            for (const NodeId id : node.graphNodes)
                ++times[id];
        for (NodeId id = 0; id < times.size(); ++id)
            QVERIFY2(times[id] <= 1, network->file->graph->nodes[id].name.c_str());
        for (const NodeId id : fromInputs(*network->file->graph))
            QVERIFY2(times[id] == 1, network->file->graph->nodes[id].name.c_str());
        for (const Layer &layer : network->layers) {
            const auto node = network->flow.nodeOf(layer.id);
            QVERIFY(node && network->flow.node(*node).name == layer.name);
            for (const LayerId source : fedBy(*network, layer.id)) {
                const std::vector<LayerId> back = feeds(*network, source);
                QVERIFY(std::ranges::find(back, layer.id) != back.end());
            }
        }
        QCOMPARE(network->flow.layerOrder().size(), network->layers.size());
    }

    /// As the nodes stand in the files.
    void between_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("operators");
        const QString qonnx = QString::fromStdString(test::sample("digits_fixed_qonnx.onnx"));
        const QString qcdq = QString::fromStdString(test::sample("digits_fixed_qcdq.onnx"));
        QTest::newRow("nothing between") << qonnx << "quant_inp"
                                         << "conv1"
                                         << "";
        QTest::newRow("an activation's function") << qonnx << "conv1"
                                                  << "relu1"
                                                  << "Relu";
        QTest::newRow("a pool") << qonnx << "relu1"
                                << "conv2"
                                << "MaxPool";
        QTest::newRow("a reshape with a computed shape") << qonnx << "relu2"
                                                         << "fc1"
                                                         << "MaxPool Shape Gather Unsqueeze Concat Reshape";
        QTest::newRow("not through a layer") << qonnx << "relu1"
                                             << "relu2"
                                             << "";
        QTest::newRow("QuantizeLinear and DequantizeLinear are one layer") << qcdq << "relu1"
                                                                           << "conv2"
                                                                           << "MaxPool";
        QTest::newRow("and the Clip between them, and a constant shape is none") << qcdq << "relu2"
                                                                                 << "fc1"
                                                                                 << "MaxPool Reshape";
        QTest::newRow("what is computed of a constant is none")
            << QString::fromStdString(test::data("onnx/qdq_shared.onnx")) << "enc"
            << "dec"
            << "";
    }

    void between()
    {
        QFETCH(QString, path);
        QFETCH(QString, from);
        QFETCH(QString, to);
        const auto network = networkOf(path);
        QVERIFY(network);
        const Layer *first = network->layer(from.toStdString()), *last = network->layer(to.toStdString());
        QVERIFY(first != nullptr && last != nullptr);
        const Flow &flow = network->flow;
        QTEST(words(flow, flow.between(*flow.nodeOf(first->id), *flow.nodeOf(last->id))), "operators");
    }

    void wholeNetwork_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("order");
        QTest::addColumn<QString>("joins");
        QTest::newRow("a chain, whose Reshape reads a shape")
            << QString::fromStdString(test::sample("digits_fixed_qonnx.onnx"))
            << "quant_inp conv1 relu1 conv2 relu2 fc1 relu3 fc2"
            << "";
        for (const char *file : {"residual_add.qonnx.onnx", "residual_add.qcdq.onnx"})
            QTest::newRow(file) << QString::fromStdString(test::data("brevitas/0.10.2/" + std::string(file))) << "q c s"
                                << "q s Add"; // both quantizers are called twice
    }

    void wholeNetwork()
    {
        QFETCH(QString, path);
        const auto network = networkOf(path);
        QVERIFY(network);
        std::vector<FlowNodeId> order;
        for (const LayerId layer : network->flow.layerOrder())
            order.push_back(*network->flow.nodeOf(layer));
        QTEST(words(network->flow, order), "order");
        QTEST(words(network->flow, network->flow.joins()), "joins");
    }

    /// The operator that holds a subgraph and the operators in it are nodes, each with the scope it stands in.
    void subgraphs()
    {
        const auto network = networkOf(QString::fromStdString(test::data("onnx/subgraphs.onnx")));
        QVERIFY(network);
        std::map<std::string, std::string> scopes;
        for (const FlowNode &node : network->flow.nodes())
            if (node.kind == FlowNode::Kind::Operator)
                scopes[node.opType] = node.scope;
        QCOMPARE(scopes, (std::map<std::string, std::string>{{"If", ""}, {"Loop", ""}, {"Identity", "rep/body"}}));
    }
};

QTEST_GUILESS_MAIN(TestGraphFlow)
#include "tst_graph_flow.moc"
