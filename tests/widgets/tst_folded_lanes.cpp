#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "support.h"
#include "support/flow_sketch.h"

using namespace quantscope;
using namespace Qt::StringLiterals;

/// More lines meet at a join than have columns of their own: the last column brings what any of those in it brings.
class FoldedLanesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }

    void linesThatDiffer_data()
    {
        QTest::addColumn<int>("differs");
        QTest::addColumn<QStringList>("red");
        QTest::newRow("none") << -1 << QStringList();
        QTest::newRow("of the first column") << 0 << QStringList{u"column 0"_s};
        QTest::newRow("the first that is folded") << 4 << QStringList{u"column 5"_s};
        QTest::newRow("the last that is folded") << 6 << QStringList{u"column 5"_s};
        QTest::newRow("right above the join, with a line of its own") << 7 << QStringList{u"column 4"_s};
    }
    void linesThatDiffer()
    {
        QFETCH(int, differs);
        QStringList layers, edges;
        for (int i = 0; i < 8; ++i) {
            layers << u"q%1=u8 2^%2"_s.arg(i).arg(i == differs ? -5 : -6);
            edges << u"x > q%1 > cat"_s.arg(i);
        }
        const test::FlowSketch sketch(layers.join(u"; ") + u"; r"_s, edges.join(u"; ") + u"; cat > r"_s);
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        model.setInspection({std::make_shared<const Network>(sketch.network), {}, {}});
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        const QModelIndex join = proxy.index(proxy.rowCount() - 1, 0);
        QCOMPARE(join.data().toString(), u"r"_s);
        QStringList red;
        int arriving = 0;
        for (const auto &line : join.data(LayerModel::LanesRole).value<LaneCell>().lines) {
            arriving += line.segment.part == LaneSegment::Part::Arriving;
            if (line.differs)
                red << u"column %1"_s.arg(line.segment.from);
        }
        QCOMPARE(arriving, 6);
        QTEST(red, "red");
    }
};

QTEST_GUILESS_MAIN(FoldedLanesTest)
#include "tst_folded_lanes.moc"
