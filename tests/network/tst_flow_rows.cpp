#include "network/lane_drawing.h"

#include <QtTest>

using namespace quantscope;
using test::listOf;
using test::networkOf;
using test::Sketch;
using namespace Qt::StringLiterals;

class TestFlowRows : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A row without a node, and layers that the flow does not know.
    void entries()
    {
        const Sketch sketch(u"ABC"_s, u"x > A > relu > B > C > y"_s);
        Network network = networkOf(u"ABC"_s, sketch);
        network.add({}).name = "unknown";
        QCOMPARE(listOf(network, false).names, (QStringList{u"A"_s, u"B"_s, u"C"_s, u"unknown"_s}));
        QCOMPARE(listOf(network, true).names,
            (QStringList{u"x"_s, u"A"_s, u"relu"_s, u"B"_s, u"C"_s, u"unknown"_s, u"y"_s}));
        QCOMPARE(
            linksBetween(network.flow, listOf(network, false).nodes).links, (std::vector<RowLink>{{0, 1}, {1, 2}}));
        network.flow = {};
        network.layers[0].name = "first";
        QCOMPARE(listOf(network, true).names, (QStringList{u"first"_s, u"B"_s, u"C"_s, u"unknown"_s}));
        QVERIFY(linksBetween(network.flow, listOf(network, true).nodes).links.empty());
    }

    /// Concatenations of all before: the last of what a row reads is kept, and that it is not all.
    void denseBlocksAreBounded()
    {
        constexpr std::size_t kLayers = 200;
        FlowBuilder builder;
        std::vector<FlowNodeId> layers;
        Network network;
        for (std::size_t i = 0; i < kLayers; ++i) {
            layers.push_back(builder.add({.kind = FlowNode::Kind::Layer, .layer = layerId(i)}));
            network.add({}).name = "L";
        }
        FlowNodeId all = layers[0];
        for (std::size_t i = 1; i < kLayers; ++i) {
            builder.connect({.from = all, .to = layers[i]});
            const FlowNodeId concat = builder.add({.kind = FlowNode::Kind::Operator});
            builder.connect({.from = all, .to = concat});
            builder.connect({.from = layers[i], .to = concat, .input = 1});
            all = concat;
        }
        network.flow = builder.build();
        const RowLinks links = linksBetween(network.flow, listOf(network, false).nodes);
        QCOMPARE(links.into(kMostSources).size(), kMostSources);
        QVERIFY(!links.more[kMostSources] && links.more[kMostSources + 1]);
        QCOMPARE(links.into(kLayers - 1).size(), kMostSources);
        QCOMPARE(links.into(kLayers - 1).front(), (RowLink{kLayers - 1 - kMostSources, kLayers - 1}));
        const LaneLayout layout = layOutLanes(kLayers, links.links);
        QCOMPARE(layout.columns, kMostLanes);
        for (std::size_t row = 0; row < kLayers; ++row)
            QVERIFY(layout.segments(row).size() <= 2 * std::size_t(kMostLanes) + 2);
    }
};

QTEST_GUILESS_MAIN(TestFlowRows)
#include "tst_flow_rows.moc"
