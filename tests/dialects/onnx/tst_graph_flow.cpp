// The networks have members called slots.

#include "dialects/onnx/recover.h"
#include "network/feeds.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <QDirIterator>
#include <QtTest>

#include <algorithm>
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

    void between_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("operators");
        QTest::newRow("QONNX") << "samples/digits_fixed_qonnx.onnx"
                               << "conv1"
                               << "relu1"
                               << "Relu";
    }

    void between()
    {
        QFETCH(QString, file);
        QFETCH(QString, from);
        QFETCH(QString, to);
        const auto network
            = networkOf(file.startsWith(u"samples/") ? QString::fromStdString(test::sample(file.mid(8).toStdString()))
                                                     : QString::fromStdString(test::data(file.toStdString())));
        QVERIFY(network);
        for (const Layer &layer : network->layers)
            qInfo() << layer.name.c_str()
                    << words(network->flow, network->flow.upstream(*network->flow.nodeOf(layer.id)));
        for (const FlowNode &node : network->flow.nodes())
            qInfo() << static_cast<int>(node.kind) << node.name.c_str() << node.opType.c_str() << node.scope.c_str();
        const auto nodeOf
            = [&](const QString &name) { return *network->flow.nodeOf(network->layer(name.toStdString())->id); };
        QTEST(words(network->flow, network->flow.between(nodeOf(from), nodeOf(to))), "operators");
    }
};

QTEST_GUILESS_MAIN(TestGraphFlow)
#include "tst_graph_flow.moc"
