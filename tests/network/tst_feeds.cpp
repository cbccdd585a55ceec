// The networks have members called slots.
#include "network/feeds.h"

#include "network/flow_builder.h"

#include <QtTest>

using namespace quantscope;

namespace {

using Names = std::vector<std::string>;

Network networkOf(const Names &layers)
{
    Network network;
    for (const std::string &name : layers) {
        Layer layer;
        layer.name = name;
        layer.kind = "Conv2d";
        network.add(std::move(layer));
    }
    return network;
}

/// x -> quant -> conv -> Relu -> MaxPool -> relu -> Add -> fc -> Softmax -> y, and relu -> side -> Add.
Network exported()
{
    Network network = networkOf({"quant", "conv", "relu", "side", "fc"});
    network.layers[3].kind = "Identity";
    FlowBuilder builder;
    for (const Layer &layer : network.layers)
        builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name, .graphNodes = {7}});
    const auto addOperator = [&](const char *type) { return builder.add({.opType = type, .graphNodes = {8}}); };
    const FlowNodeId activation = addOperator("Relu"), pool = addOperator("MaxPool"), sum = addOperator("Add"),
                     softmax = addOperator("Softmax");
    const FlowNodeId in = builder.add({.kind = FlowNode::Kind::Input, .name = "x"});
    const FlowNodeId out = builder.add({.kind = FlowNode::Kind::Output, .name = "y"});
    const auto layer = [](std::size_t at) { return static_cast<FlowNodeId>(at); };
    const std::vector<std::pair<FlowNodeId, FlowNodeId>> edges = {{in, layer(0)}, {layer(0), layer(1)},
        {layer(1), activation}, {activation, pool}, {pool, layer(2)}, {layer(2), sum}, {layer(2), layer(3)},
        {layer(3), sum}, {sum, layer(4)}, {layer(4), softmax}, {softmax, out}};
    for (const auto &[from, to] : edges)
        builder.connect({.from = from, .to = to, .input = to == sum && from == layer(3) ? 1u : 0u});
    network.flow = builder.build();
    return network;
}

LayerId idOf(const Network &network, const std::string &name) { return network.layer(name)->id; }

} // namespace

class TestFeeds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofAGraph()
    {
        const Network network = exported();
        QCOMPARE(fedByNames(network, idOf(network, "fc")), (Names{"relu", "side"}));
        QCOMPARE(feedsNames(network, idOf(network, "relu")), (Names{"side", "fc"}));
        QCOMPARE(fedBy(network, idOf(network, "relu")), std::vector{idOf(network, "conv")});
        QCOMPARE(feeds(network, idOf(network, "quant")), std::vector{idOf(network, "conv")});
        QCOMPARE(onlyInput(network, idOf(network, "relu")), std::string("conv"));
        QCOMPARE(onlyInput(network, idOf(network, "fc")), std::string());
        QCOMPARE(onlyInput(network, idOf(network, "quant")), std::string());
    }

    /// A checkpoint knows neither the activation without parameters nor the order of the graph.
    void ofAnExportBeside()
    {
        Network network = networkOf({"fc", "conv", "relu", "orphan"});
        network.flow = flowWithin(exported(), network);
        QCOMPARE(fedByNames(network, idOf(network, "fc")), (Names{"relu", "side"}));
        QCOMPARE(fedBy(network, idOf(network, "fc")), std::vector{idOf(network, "relu")});
        QCOMPARE(fedByNames(network, idOf(network, "conv")), Names{"quant"});
        QVERIFY(fedBy(network, idOf(network, "conv")).empty());
        QCOMPARE(feedsNames(network, idOf(network, "relu")), (Names{"side", "fc"}));
        QVERIFY(fedByNames(network, idOf(network, "orphan")).empty());
        QVERIFY(!network.flow.nodeOf(idOf(network, "orphan")));
        QCOMPARE(network.flow.layerOrder(),
            (std::vector{idOf(network, "conv"), idOf(network, "relu"), idOf(network, "fc")}));
        Names operators;
        for (const FlowNode &node : network.flow.nodes()) {
            QVERIFY(node.graphNodes.empty());
            QVERIFY(node.kind != FlowNode::Kind::Input && node.kind != FlowNode::Kind::Output);
            if (node.kind == FlowNode::Kind::Elsewhere)
                QCOMPARE(node.opType, std::string(node.name == "side" ? "Identity" : "Conv2d"));
            if (node.kind == FlowNode::Kind::Operator)
                operators.push_back(node.opType);
        }
        QCOMPARE(operators, (Names{"Relu", "MaxPool", "Add"})); // Softmax leads to no layer
        QCOMPARE(network.flow
                     .between(*network.flow.nodeOf(idOf(network, "conv")), *network.flow.nodeOf(idOf(network, "relu")))
                     .size(),
            std::size_t{2});
        QCOMPARE(network.flow.joins().size(), std::size_t{1});
    }

    /// Quantizers by the layer's name; one that the file has no slot for is not known.
    void quantizersOfAnExportBeside()
    {
        Network told = networkOf({"quant", "conv", "side", "fc"});
        FlowBuilder builder;
        for (Layer &layer : told.layers) {
            layer.slots.emplace_back().slot = Slot::Act;
            builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name});
        }
        const auto node = [](std::size_t at) { return static_cast<FlowNodeId>(at); };
        for (std::size_t at = 0; at < 3; ++at)
            builder.connect({.from = node(at), .to = node(3), .quantizer = SlotId{layerId(at), Slot::Act}});
        told.flow = builder.build();
        Network network = networkOf({"fc", "conv", "quant"});
        network.layers[2].slots.emplace_back().slot = Slot::Act;
        network.flow = flowWithin(told, network);
        const auto edges = network.flow.edges();
        QCOMPARE(edges.size(), std::size_t{3});
        QCOMPARE(edges[0].quantizer, std::optional(SlotId{idOf(network, "quant"), Slot::Act}));
        QVERIFY(!edges[0].opaque);
        for (const std::size_t at : {std::size_t{1}, std::size_t{2}}) // no such slot, no such layer
            QVERIFY(!edges[at].quantizer && edges[at].opaque);
    }

    void ofNothing()
    {
        const Network network = networkOf({"conv", "relu"});
        QVERIFY(fedByNames(network, idOf(network, "relu")).empty());
        QVERIFY(feeds(network, idOf(network, "conv")).empty());
        QVERIFY(flowWithin(network, network).empty());
    }

    /// What a recipe says of a layer's input is for people; it is no flow.
    void ofARecipe()
    {
        Network network = networkOf({"conv", "fc"});
        SlotQuantizer bias;
        bias.slot = Slot::Bias;
        bias.input = "conv:act";
        network.layers[1].slots.push_back(bias);
        QCOMPARE(inputLayers(network, network.layers[1]), Names{"conv"});
        QCOMPARE(outputLayers(network, network.layers[0]), Names{"fc"});
        QVERIFY(fedByNames(network, idOf(network, "fc")).empty());
        network.layers[1].slots[0].input = "fc:bias"; // its own
        QCOMPARE(inputLayers(network, network.layers[1]), Names());
        QCOMPARE(outputLayers(network, network.layers[1]), Names());
        const Network told = exported();
        QCOMPARE(inputLayers(told, *told.layer("fc")), (Names{"relu", "side"}));
    }

    void namesInARecipe_data()
    {
        QTest::addColumn<QString>("layer"); ///< of the file
        QTest::addColumn<QString>("input"); ///< of the recipe
        QTest::addColumn<QString>("slot"); ///< empty: none
        QTest::newRow("its own") << "conv"
                                 << "conv"
                                 << "act";
        QTest::newRow("with the slot") << "conv"
                                       << "conv:output"
                                       << "output";
        QTest::newRow("with a slot that is not there") << "conv"
                                                       << "conv:input"
                                                       << "";
        QTest::newRow("DataParallel") << "module.conv"
                                      << "conv"
                                      << "act";
        QTest::newRow("DataParallel, with the slot") << "module.conv"
                                                     << "conv:output"
                                                     << "output";
        QTest::newRow("a recipe of the wrapped model") << "conv"
                                                       << "module.conv"
                                                       << "act";
        QTest::newRow("torch.compile") << "_orig_mod.conv"
                                       << "conv"
                                       << "act";
        QTest::newRow("a colon in the name") << "a:act"
                                             << "a:act"
                                             << "act";
        QTest::newRow("a colon and a slot") << "a:b"
                                            << "a:b:output"
                                            << "output";
    }

    /// The names that the quantizers were resolved by are the names that people see.
    void namesInARecipe()
    {
        QFETCH(QString, layer);
        QFETCH(QString, input);
        QFETCH(QString, slot);
        Network network = networkOf({layer.toStdString(), "fc"});
        for (const Slot made : {Slot::Act, Slot::Output})
            network.layers[0].slots.emplace_back().slot = made;
        SlotQuantizer bias;
        bias.slot = Slot::Bias;
        bias.input = input.toStdString();
        network.layers[1].slots.push_back(bias);
        QCOMPARE(inputLayers(network, network.layers[1]), Names{layer.toStdString()});
        QCOMPARE(outputLayers(network, network.layers[0]), Names{"fc"});
        const auto found = slotNamed(network, input.toStdString());
        QCOMPARE(found ? QString::fromUtf8(slotName(found->slot)) : QString(), slot);
    }
};

QTEST_GUILESS_MAIN(TestFeeds)
#include "tst_feeds.moc"
