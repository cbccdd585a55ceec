#include "network/flow_builder.h"
#include "network/flow_sketch.h"

#include <QtTest>

using namespace quantscope;
using test::Sketch;
using namespace Qt::StringLiterals;

namespace {

QString layerNames(const Sketch &sketch, const std::vector<LayerId> &layers)
{
    std::vector<FlowNodeId> nodes;
    for (const LayerId layer : layers)
        nodes.push_back(*sketch.flow.nodeOf(layer));
    return sketch.names(nodes);
}

QStringList sorted(QStringList list)
{
    list.sort();
    return list;
}

} // namespace

class TestFlow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// "C: A B" are the nearest layers above C; the same list read the other way round is what is below.
    void nearest_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("upstream");
        QTest::addColumn<QString>("downstream");
        QTest::addColumn<QString>("order");
        QTest::addColumn<QString>("joins");
        const auto row = [](const char *title, const char *layers, const char *text, const char *upstream,
                             const char *downstream, const char *order, const char *joins) {
            QTest::newRow(title) << layers << text << upstream << downstream << order << joins;
        };
        row("a chain", "ABC", "x > A > B > C > y", "B: A; C: B; y: C", "x: A; A: B; B: C", "A B C", "");
        row("through reshapes", "AB", "x > A > pool > reshape > flatten > B > y",
            "pool: A; reshape: A; flatten: A; B: A; y: B", "x: A; A: B; pool: B; reshape: B; flatten: B", "A B", "");
        row("a residual", "ABC", "x > A > relu > B > add; relu > add; add > C", "relu: A; B: A; add: A B; C: A B",
            "x: A; A: B C; relu: B C; B: C; add: C", "A B C", "add");
        row("branches without a join", "ABC", "x > A > split > B; split > C", "split: A; B: A; C: A",
            "x: A; A: B C; split: B C", "A B C", "");
        row("the file's order is not the network's", "CBA", "x > A > B > C", "B: A; C: B", "x: A; A: B; B: C", "A B C",
            "");
        row("what is independent keeps its order", "ABC", "x > B > C; x > relu > A > C", "C: A B",
            "x: A B; A: C; B: C; relu: A", "A B C", "C");
        row("a layer of the export alone ends the search", "AB", "A > Q! > relu > B", "Q!: A; relu: Q!; B: Q!",
            "A: Q!; Q!: B; relu: B", "A B", "");
        row("an operator between parts of one layer", "ABC", "x > A > norm > A > B; norm > C", "norm: A; B: A; C: A",
            "x: A; A: B C; norm: A C", "A B C", "");
        row("layers on a cycle", "ABCD", "x > B > C > B; C > D; x > A > D", "B: C; C: B; D: A C",
            "x: A B; B: C; C: B D; A: D", "A B C D", "D");
        row("operators on a cycle", "AB", "x > A > p > q > p; q > B", "p: A; q: A; B: A", "x: A; A: B; p: B; q: B",
            "A B", "");
        row("an operator that reads itself", "AB", "x > A > p > p > B", "p: A; B: A", "x: A; A: B; p: B", "A B", "");
        row("a shape is no data", "AB", "x > A > reshape > B; A > shape > s:gather > s:reshape",
            "reshape: A; shape: A; gather: A; B: A", "x: A; A: B; reshape: B; shape: B; gather: B", "A B", "");
        row("a shape of another layer", "ABC", "x > A > reshape > C; x > B > shape > s:reshape",
            "reshape: A; shape: B; C: A", "x: A B; A: C; reshape: C; shape: C", "A B C", "");
        row("one value twice", "AB", "x > A > add; A > add; add > B", "add: A; B: A", "x: A; A: B; add: B", "A B",
            "add");
        row("nothing is connected", "AB", "", "", "", "A B", "");
    }

    void nearest()
    {
        QFETCH(QString, layers);
        QFETCH(QString, text);
        QFETCH(QString, upstream);
        QFETCH(QString, downstream);
        const Sketch sketch(layers, text);
        QStringList above, below;
        for (std::size_t i = 0; i < sketch.flow.nodes().size(); ++i) {
            const auto id = static_cast<FlowNodeId>(i);
            const QString name = sketch.names({id}) + u": "_s;
            if (const auto found = sketch.flow.upstream(id); !found.empty())
                above << name + sketch.names(found);
            if (const auto found = sketch.flow.downstream(id); !found.empty())
                below << name + sketch.names(found);
        }
        QCOMPARE(sorted(above), sorted(upstream.split(u"; "_s, Qt::SkipEmptyParts)));
        QCOMPARE(sorted(below), sorted(downstream.split(u"; "_s, Qt::SkipEmptyParts)));
        QTEST(layerNames(sketch, sketch.flow.layerOrder()), "order");
        QTEST(sketch.names(sketch.flow.joins()), "joins");
    }

    void between_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("operators");
        const QString residual = u"x > A > relu > B > norm > add; relu > add; add > pool > C; relu > side > y"_s;
        QTest::newRow("a branch") << residual << "A"
                                  << "B"
                                  << "relu";
        QTest::newRow("both branches, not through B") << residual << "A"
                                                      << "C"
                                                      << "relu add pool";
        QTest::newRow("after B") << residual << "B"
                                 << "C"
                                 << "norm add pool";
        QTest::newRow("against the flow") << residual << "C"
                                          << "A"
                                          << "";
        QTest::newRow("from the input") << residual << "x"
                                        << "B"
                                        << "";
        QTest::newRow("to the output") << residual << "A"
                                       << "y"
                                       << "relu side";
        QTest::newRow("a chain, whatever the file's order") << u"p3 > C; p2 > p3; A > p1 > p2"_s << "A"
                                                            << "C"
                                                            << "p1 p2 p3";
        QTest::newRow("a cycle") << u"A > p > q > p; q > C"_s << "A"
                                 << "C"
                                 << "p q";
    }

    void between()
    {
        QFETCH(QString, text);
        QFETCH(QString, from);
        QFETCH(QString, to);
        const Sketch sketch(u"ABC"_s, text);
        QTEST(sketch.names(sketch.flow.between(sketch.id(from), sketch.id(to))), "operators");
    }

    void neighboursAndPorts()
    {
        const Sketch sketch(u"AB"_s, u"x > A > add; A > add; B > add; add > y"_s);
        QCOMPARE(sketch.names(sketch.flow.producers(sketch.id(u"add"_s))), u"A B"_s);
        QCOMPARE(sketch.names(sketch.flow.consumers(sketch.id(u"A"_s))), u"add"_s);
        const std::vector<FlowEdge> into = sketch.flow.edgesInto(sketch.id(u"add"_s));
        QCOMPARE(into.size(), std::size_t{3});
        for (std::uint32_t port = 0; port < into.size(); ++port)
            QCOMPARE(into[port].input, port);
        QCOMPARE(sketch.flow.edgesFrom(sketch.id(u"A"_s)).size(), std::size_t{2});
        QCOMPARE(sketch.flow.nodeOf(layerId(1)), std::optional(sketch.id(u"B"_s)));
        QVERIFY(!sketch.flow.nodeOf(layerId(2)));
    }

    void nothing()
    {
        const Flow flow;
        QVERIFY(flow.empty() && flow.edges().empty() && flow.layerOrder().empty() && flow.joins().empty());
        QVERIFY(!flow.nodeOf(layerId(0)));
    }

    /// A dense block: many layers into one.
    void manyProducers()
    {
        FlowBuilder builder;
        const FlowNodeId concat = builder.add({.kind = FlowNode::Kind::Operator});
        for (std::size_t i = 0; i < 100; ++i)
            builder.connect({.from = builder.add({.kind = FlowNode::Kind::Layer, .layer = layerId(i)}), .to = concat});
        const FlowNodeId last = builder.add({.kind = FlowNode::Kind::Layer, .layer = layerId(100)});
        builder.connect({.from = concat, .to = last});
        const Flow flow = builder.build();
        QCOMPARE(flow.upstream(last).size(), Flow::kMostUpstream);
        QCOMPARE(flow.upstream(last).front(), *flow.nodeOf(layerId(0)));
        QCOMPARE(flow.downstream(*flow.nodeOf(layerId(31))), std::vector{last});
        QVERIFY(flow.downstream(*flow.nodeOf(layerId(32))).empty());
        QCOMPARE(flow.layerOrder().size(), std::size_t{101});
    }

    /// Nothing here may go as deep as the network does.
    void aDeepNetwork()
    {
        constexpr std::size_t kDepth = 300000;
        FlowBuilder builder;
        const FlowNodeId first = builder.add({.kind = FlowNode::Kind::Layer, .layer = layerId(0)});
        const FlowNodeId last = builder.add({.kind = FlowNode::Kind::Layer, .layer = layerId(1)});
        FlowNodeId at = first;
        for (std::size_t i = 0; i < kDepth; ++i) {
            const FlowNodeId next = builder.add({.kind = FlowNode::Kind::Operator});
            builder.connect({.from = at, .to = next});
            at = next;
        }
        builder.connect({.from = at, .to = last});
        const Flow flow = builder.build();
        QCOMPARE(flow.upstream(last), std::vector{first});
        QCOMPARE(flow.between(first, last).size(), kDepth);
    }
};

QTEST_GUILESS_MAIN(TestFlow)
#include "tst_flow.moc"
