// The networks have members called slots.
#include "checks/accumulators.h"
#include "network/flow_builder.h"
#include "support/flow_sketch.h"
#include "support/graph_network.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;
using namespace Qt::StringLiterals;

namespace {

/// q > c > OPERATORS > s, where s computes what its kind says before it quantizes. Scales 2^-6, 2^-2 and 2^-5.
Network chainOf(const std::string &kind, bool assumed, const QStringList &operators)
{
    Network network = FlowSketch(u"q=u8 2^-6; c; s=u8 2^-5"_s, u"x > q"_s).network;
    network.layers[1].kind = "Linear";
    network.layers[1].slots.push_back(slotOf({1, 2}, {1, 2}, affine(4, true, false, {{}, {}, {0.25f}})));
    network.layers[2].kind = kind;
    network.layers[2].kindAssumed = assumed;
    FlowBuilder builder;
    std::vector<FlowNodeId> nodes;
    for (const Layer &layer : network.layers)
        nodes.push_back(builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name}));
    builder.connect({.from = nodes[0], .to = nodes[1], .quantizer = SlotId{layerId(0), Slot::Act}});
    FlowNodeId last = nodes[1];
    for (const QString &name : operators) {
        const FlowNodeId next = builder.add({.name = name.toStdString(), .opType = name.toStdString()});
        builder.connect({.from = last, .to = next, .use = name == u"Flatten" ? FlowUse::Keeps : FlowUse::Computes});
        last = next;
    }
    builder.connect({.from = last, .to = nodes[2]});
    network.flow = builder.build();
    return network;
}

} // namespace

class TestRequantization : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatComesBetween_data();
    void whatComesBetween();
    void groupsOfATransposedConvolution_data();
    void groupsOfATransposedConvolution();
};

/// A factor stands only where the quantizer sees the sums themselves, or what was cut off of them.
void TestRequantization::whatComesBetween_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<bool>("assumed");
    QTest::addColumn<QStringList>("operators");
    QTest::addColumn<QString>("factors");
    const QString shift = u"s 3"_s;
    for (const char *kind : {"Identity", "ReLU", "MaxPool2d"})
        QTest::newRow(kind) << QString(kind) << false << QStringList() << shift;
    for (const char *kind : {"Sigmoid", "AvgPool2d", "Add", "Softmax"})
        QTest::newRow(kind) << QString(kind) << false << QStringList() << QString();
    QTest::newRow("a kind that is assumed") << u"Sigmoid"_s << true << QStringList() << shift;
    QTest::newRow("a Relu and a Flatten") << u"Identity"_s << false << QStringList{u"Relu"_s, u"Flatten"_s} << shift;
    QTest::newRow("a Sigmoid") << u"Identity"_s << false << QStringList{u"Sigmoid"_s} << QString();
    QTest::newRow("a Mul") << u"Identity"_s << false << QStringList{u"Relu"_s, u"Mul"_s} << QString();
}

void TestRequantization::whatComesBetween()
{
    QFETCH(QString, kind);
    QFETCH(bool, assumed);
    QFETCH(QStringList, operators);
    const Network network = chainOf(kind.toStdString(), assumed, operators);
    const auto found = accumulatorsOf(network);
    QVERIFY(found.has_value());
    QCOMPARE(found->known.size(), std::size_t{1});
    QStringList factors;
    for (const Requantization &requantization : found->known.front().requantizations)
        factors << QString::fromStdString(inputName(network, requantization.output)) + u' '
                + QString::number(requantization.factors.front().powerShift);
    QTEST(factors.join(u", "), "factors");
}

/// Weights [in][out in a group][kernel] have the scales of one group's channels, the bias has those of all.
void TestRequantization::groupsOfATransposedConvolution_data()
{
    QTest::addColumn<QString>("biasScales");
    QTest::addColumn<QString>("said");
    QTest::newRow("input times weight in each group") << u"0.125,0.25,0.125,0.25"_s << u"-760 to 1011 with bias"_s;
    QTest::newRow("another one in the second") << u"0.125,0.25,0.25,0.125"_s << u"-765 to 1020"_s;
}

/// Codes 0 to 255 times 1, 2, -3 and 4, plus 100, -7, 5 and -9.
void TestRequantization::groupsOfATransposedConvolution()
{
    QFETCH(QString, biasScales);
    const Network network
        = networkOf(u"xs = f32 0.5; xz = u8 0; ws = f32[2] 0.25,0.5; wz = i8[2] 0,0; bs = f32[4] "_s + biasScales
            + u"; bz = i32[4] 0; w = i8[2,2,1] 1,2,-3,4; b = i32[4] 100,-7,5,-9\n"
              u"q = QuantizeLinear(x, xs, xz) @qx; d = DequantizeLinear(q, xs, xz)\n"
              u"wd = DequantizeLinear(w, ws, wz) axis=1; bd = DequantizeLinear(b, bs, bz) axis=0\n"
              u"y = ConvTranspose(d, wd, bd) group=2 @up"_s);
    const auto found = accumulatorsOf(network);
    QVERIFY(found.has_value());
    QVERIFY2(found->unknown.empty(), found->unknown.empty() ? "" : found->unknown.front().why.c_str());
    QCOMPARE(found->known.size(), std::size_t{1});
    const AccumulatorRange &range = found->known.front();
    QTEST(u"%1 to %2"_s.arg(range.min).arg(range.max) + (range.biasIncluded ? u" with bias"_s : QString()), "said");
}

QTEST_APPLESS_MAIN(TestRequantization)
#include "tst_requantization.moc"
