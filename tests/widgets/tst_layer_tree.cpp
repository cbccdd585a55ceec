#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "report/inspect.h"
#include "support.h"
#include "support/state_file.h"

#include <QAbstractItemModelTester>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// The rows as they are seen: indented labels, marks of branches, the number of their layers.
static QStringList seen(const QAbstractItemModel &rows)
{
    QStringList lines;
    for (int row = 0; row < rows.rowCount(); ++row) {
        const QModelIndex index = rows.index(row, LayerModel::Name);
        const QVariant layers = index.data(LayerProxy::BranchRole);
        const QString indent(2 * std::max(0, index.data(LayerProxy::DepthRole).toInt() - 1), u' ');
        const QString mark = index.data(LayerProxy::UnfoldedRole).toBool() ? u"v "_s : u"> "_s;
        lines << indent + (layers.isValid() ? mark : QString()) + index.data(LayerProxy::LabelRole).toString()
                + (layers.isValid() ? u" %1"_s.arg(layers.toInt()) : QString());
    }
    return lines;
}

static std::shared_ptr<const Network> namedNetwork(const QStringList &names)
{
    auto network = std::make_shared<Network>();
    for (const QString &name : names) {
        Layer layer;
        layer.name = name.toStdString();
        layer.kind = "Conv2d";
        network->add(std::move(layer));
    }
    return network;
}

class LayerTreeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void trees_data()
    {
        QTest::addColumn<QStringList>("names");
        QTest::addColumn<QStringList>("rows");
        QTest::newRow("one part each") << QStringList{u"conv1"_s, u"relu1"_s} << QStringList{u"conv1"_s, u"relu1"_s};
        QTest::newRow("branches") << QStringList{u"net.a.conv"_s, u"net.a.act"_s, u"net.b.conv"_s, u"net.b.act"_s,
            u"head"_s}
                                  << QStringList{u"v net 4"_s, u"  v a 2"_s, u"    conv"_s, u"    act"_s, u"  v b 2"_s,
                                         u"    conv"_s, u"    act"_s, u"head"_s};
        QTest::newRow("a branch of one is its layer") << QStringList{u"net.stem.conv"_s, u"net.head.fc"_s}
                                                      << QStringList{u"v net 2"_s, u"  stem.conv"_s, u"  head.fc"_s};
        QTest::newRow("a chain is one branch") << QStringList{u"module.model.a.x"_s, u"module.model.a.y"_s, u"z"_s}
                                               << QStringList{u"v module.model.a 2"_s, u"  x"_s, u"  y"_s, u"z"_s};
        QTest::newRow("parts that come back") << QStringList{u"a.x"_s, u"b.x"_s, u"a.y"_s,
            u"b.y"_s} << QStringList{u"v a 2"_s, u"  x"_s, u"  y"_s, u"v b 2"_s, u"  x"_s, u"  y"_s};
        QTest::newRow("a layer of the branch's name")
            << QStringList{u"a"_s, u"a.x"_s, u"a.y"_s} << QStringList{u"a"_s, u"v a 2"_s, u"  x"_s, u"  y"_s};
        QTest::newRow("ONNX") << QStringList{u"/layer1/layer1.0/conv1/Conv"_s, u"/layer1/layer1.0/conv2/Conv"_s,
            u"/layer1/layer1.1/conv1/Conv"_s, u"/fc/Gemm"_s}
                              << QStringList{u"v /layer1 3"_s, u"  v layer1.0 2"_s, u"    conv1/Conv"_s,
                                     u"    conv2/Conv"_s, u"  layer1.1/conv1/Conv"_s, u"/fc/Gemm"_s};
        QTest::newRow("numbers") << QStringList{u"blocks.0.0.x"_s, u"blocks.0.0.y"_s, u"blocks.0.1.x"_s, u"fc.0"_s,
            u"fc.2"_s}
                                 << QStringList{u"v blocks.0 3"_s, u"  v 0.0 2"_s, u"    x"_s, u"    y"_s, u"  1.x"_s,
                                        u"v fc 2"_s, u"  fc.0"_s, u"  fc.2"_s};
        QTest::newRow("spaces") << QStringList{u"my net.conv 1"_s, u"my net.conv 2"_s}
                                << QStringList{u"v my net 2"_s, u"  conv 1"_s, u"  conv 2"_s};
        QTest::newRow("empty parts") << QStringList{u".a"_s, u"b."_s, u"c..x"_s, u"c..y"_s, u"..."_s,
            QString()} << QStringList{u".a"_s, u"b."_s, u"v c. 2"_s, u"  x"_s, u"  y"_s, u"..."_s, QString()};
    }
    void trees()
    {
        QFETCH(QStringList, names);
        QFETCH(QStringList, rows);
        LayerModel model;
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        model.setInspection({namedNetwork(names), {}, {}});
        QCOMPARE(seen(proxy), names); // flat, whole names
        proxy.setTree(true);
        proxy.setAllUnfolded(-1, true);
        QCOMPARE(seen(proxy), rows);
        proxy.setTree(false);
        QCOMPARE(seen(proxy), names);
    }

    /// A name of many parts costs no more than its length.
    void hostileNames()
    {
        QStringList names;
        for (const QString &end : {u"x"_s, u"y"_s})
            names << u"a."_s.repeated(100'000) + end;
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.setTree(true);
        model.setInspection({namedNetwork(names), {}, {}});
        proxy.setAllUnfolded(-1, true);
        QCOMPARE(proxy.rowCount(), 3);
    }

    /// Weights of eight elements at 4 and 8 bits, biases without quantizers, activations; worked out by hand.
    void sums()
    {
        const Inspection inspection = *inspect(network());
        LayerModel model;
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        proxy.setTree(true);
        model.setInspection(inspection);
        proxy.setAllUnfolded(-1, true);
        const auto cells = [&](const QString &label) {
            for (int row = 0; row < proxy.rowCount(); ++row)
                if (proxy.index(row, 0).data(LayerProxy::LabelRole).toString() == label) {
                    QStringList texts;
                    for (const int column :
                        {LayerModel::Name, LayerModel::Kind, LayerModel::Shape, LayerModel::Params, LayerModel::Bits,
                            LayerModel::Scale, LayerModel::Size, LayerModel::Sqnr, LayerModel::Problems})
                        texts << proxy.index(row, column).data().toString();
                    return texts.join(u" | "_s);
                }
            return QString();
        };
        // 8 · 4 + 8 · 8 bits in a; with b's 8 · 8 and the head's 12 · 2 there are 184.
        const auto db = [&](const char *layer) {
            return fixedText(*inspection.of({inspection.network->layer(layer)->id, Slot::Weight})->error.sqnrDb(), 1);
        };
        QVERIFY(db("net.a.conv1").toDouble() < db("net.a.conv2").toDouble());
        QCOMPARE(cells(u"a"_s), u"net.a.* | 3 layers |  | 16 | 4 … 8 |  | 96 bit | %1 | "_s.arg(db("net.a.conv1")));
        QCOMPARE(cells(u"b"_s), u"net.b.* | 2 layers |  | 8 | 8 |  | 64 bit | %1 | "_s.arg(db("net.b.conv1")));
        QCOMPARE(cells(u"net"_s), u"net.* | 6 layers |  | 36 | 2 … 8 |  | 184 bit | %1 | "_s.arg(db("net.head")));
        const int a = rowNamed(proxy, u"a"_s);
        QCOMPARE(
            proxy.index(a, LayerModel::Name).data(Qt::ToolTipRole).toString(), u"net.a.*\n3 layers, 2 with weights"_s);
        QCOMPARE(proxy.index(a, LayerModel::Bits).data(Qt::ToolTipRole).toString(),
            u"bits of the codes of the branch's weights, the least and the most"_s);
        QCOMPARE(proxy.index(a, LayerModel::Sqnr).data(Qt::ToolTipRole).toString(),
            u"the lowest of the branch: net.a.conv1\n10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s);
        QCOMPARE(proxy.index(a, LayerModel::Name).data(Qt::AccessibleDescriptionRole).toString(),
            u"branch of 3 layers, unfolded"_s);
        // Sums are of what is listed.
        QCOMPARE(proxy.setFilterText(u"conv1"_s), QString());
        QCOMPARE(cells(u"net"_s), u"net.* | 2 layers |  | 16 | 4 … 8 |  | 96 bit | %1 | "_s.arg(db("net.a.conv1")));
        QCOMPARE(proxy.layersShown(), 2);
    }

    /// A branch fills in with its layers, and stands among its neighbours by its own sums.
    void sumsFillIn()
    {
        const Inspection inspection = *inspect(network());
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.setTree(true);
        model.setInspection({inspection.network, {}, {}});
        proxy.setAllUnfolded(-1, true);
        const int a = rowNamed(proxy, u"a"_s);
        QCOMPARE(proxy.index(a, LayerModel::Sqnr).data().toString(), u"–"_s);
        QSignalSpy changed(&proxy, &QAbstractItemModel::dataChanged);
        model.updateLayer("net.a.conv2", inspection);
        QSet<int> rows;
        for (const QList<QVariant> &told : changed)
            rows << told.at(0).toModelIndex().row();
        QCOMPARE(rows, (QSet<int>{0, a, rowNamed(proxy, u"conv2"_s)}));
        const double db = *inspection.of({inspection.network->layer("net.a.conv2")->id, Slot::Weight})->error.sqnrDb();
        QCOMPARE(proxy.index(a, LayerModel::Sqnr).data(LayerModel::SortRole).toDouble(), db);
        QCOMPARE(proxy.index(0, LayerModel::Sqnr).data(LayerModel::SortRole).toDouble(), db);
        model.updateAll(inspection);
        proxy.sort(LayerModel::Size, Qt::DescendingOrder);
        QCOMPARE(seen(proxy),
            (QStringList{u"v net 6"_s, u"  v a 3"_s, u"    conv2"_s, u"    conv1"_s, u"    act"_s, u"  v b 2"_s,
                u"    conv1"_s, u"    act"_s, u"  head"_s}));
        proxy.sort(LayerModel::Size, Qt::AscendingOrder);
        QCOMPARE(seen(proxy),
            (QStringList{u"v net 6"_s, u"  head"_s, u"  v b 2"_s, u"    conv1"_s, u"    act"_s, u"  v a 3"_s,
                u"    conv1"_s, u"    conv2"_s, u"    act"_s}));
    }

    /// What is proposed or has changed in a folded branch is told by its row.
    void givenColumns()
    {
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.setTree(true);
        model.setInspection({network(), {}, {}});
        const auto cells = [](const std::string &layer) -> std::optional<GivenCell> {
            if (layer == "net.a.conv1")
                return GivenCell{u"4 bits"_s, u"tip 1"_s, 0.25};
            if (layer == "net.b.conv1")
                return GivenCell{u"5 bits"_s, u"tip 2"_s, 0.5, GivenCell::Tone::Warning};
            return layer == "net.head" ? std::optional(GivenCell{u"6 bits"_s, {}, 0.125}) : std::nullopt;
        };
        model.setGiven(LayerModel::Proposed, cells);
        model.setGiven(LayerModel::Change, cells);
        proxy.unfoldUpTo(4);
        const auto told = [&](int row, int column) {
            const QModelIndex index = proxy.index(row, column);
            return u"%1 (%2) %3"_s.arg(index.data().toString(), index.data(Qt::ToolTipRole).toString())
                .arg(index.data(LayerModel::ToneRole).toInt());
        };
        QCOMPARE(told(0, LayerModel::Proposed), u"3 layers (layers of the branch that have a proposal) 2"_s);
        QCOMPARE(told(1, LayerModel::Proposed), u"1 layer (layers of the branch that have a proposal) 0"_s);
        QCOMPARE(told(0, LayerModel::Change), u"5 bits (the most of the branch: net.b.conv1\ntip 2) 2"_s);
        QCOMPARE(told(1, LayerModel::Change), u"4 bits (the most of the branch: net.a.conv1\ntip 1) 0"_s);
    }

    void folds()
    {
        LayerModel model;
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        proxy.setTree(true);
        model.setInspection({network(), {}, {}});
        QCOMPARE(seen(proxy), QStringList{u"> net 6"_s});
        proxy.unfoldUpTo(4);
        QCOMPARE(seen(proxy), (QStringList{u"v net 6"_s, u"  > a 3"_s, u"  > b 2"_s, u"  head"_s}));
        QVERIFY(proxy.reveal(model.rowOf(u"net.b.act"_s)));
        const QStringList revealed{u"v net 6"_s, u"  > a 3"_s, u"  v b 2"_s, u"    conv1"_s, u"    act"_s, u"  head"_s};
        QCOMPARE(seen(proxy), revealed);
        const QStringList kept = proxy.unfolded();
        QCOMPARE(kept, (QStringList{u"net."_s, u"net.b."_s}));
        // A filter unfolds what it finds, and leaves the folding as it was.
        QCOMPARE(proxy.setFilterText(u"net.a.*"_s), QString());
        QCOMPARE(seen(proxy), (QStringList{u"v net 3"_s, u"  v a 3"_s, u"    conv1"_s, u"    conv2"_s, u"    act"_s}));
        proxy.setUnfolded(1, false);
        QCOMPARE(seen(proxy), (QStringList{u"v net 3"_s, u"  > a 3"_s}));
        QVERIFY(!proxy.reveal(model.rowOf(u"net.head"_s)));
        QCOMPARE(proxy.setFilterText({}), QString());
        QCOMPARE(seen(proxy), revealed);
        proxy.setAllUnfolded(-1, false);
        proxy.setUnfoldedBranches(kept);
        QCOMPARE(seen(proxy), revealed);
        proxy.setAllUnfolded(0, true);
        QCOMPARE(proxy.rowCount(), 9);
        proxy.setAllUnfolded(0, false);
        QCOMPARE(seen(proxy), QStringList{u"> net 6"_s});
    }

    /// Lines belong to the order of the flow, which a tree with branches leaves.
    void patternsAndOrder()
    {
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        model.setInspection({namedNetwork({u"s*.x"_s, u"s*.y"_s, u"stem.x"_s}), {}, {}});
        proxy.setTree(true);
        proxy.setAllUnfolded(-1, true);
        QCOMPARE(proxy.patternOf(0), u"s[*].*"_s);
        QCOMPARE(proxy.patternOf(1), u"s[*].x"_s);
        QCOMPARE(proxy.setFilterText(proxy.patternOf(0)), QString());
        QCOMPARE(seen(proxy), (QStringList{u"v s* 2"_s, u"  x"_s, u"  y"_s}));
        QCOMPARE(proxy.setFilterText(u"name:s*.x"_s), QString()); // a pattern of its own, which reaches stem.x too
        QCOMPARE(proxy.layersShown(), 2);
        QCOMPARE(proxy.setFilterText(u"-\"s*.*\""_s), QString());
        QCOMPARE(proxy.layersShown(), 0);
    }

    void wrongTerms_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("reason");
        const QString names = u"name, kind, shape, size, params, bits, scale, int, frac, sqnr, sat, problems"_s;
        QTest::newRow("column") << u"bitz<8"_s
                                << u"no column “bitz” (there are "_s + names + u"); did you mean \"bits\"?"_s;
        QTest::newRow("number") << u"bits<x"_s << u"“x” is not a number"_s;
        QTest::newRow("nothing") << u"bits<"_s << u"bits< needs something to compare with"_s;
    }
    void wrongTerms()
    {
        QFETCH(QString, text);
        QFETCH(QString, reason);
        QCOMPARE(LayerProxy().setFilterText(text), reason);
    }

private:
    /// net.a: conv1 (4 bits), conv2, act; net.b: conv1, act; net.head (2 bits).
    static std::vector<test::StateTensor> tensors()
    {
        return {test::weight("net.a.conv1", {4, 2, 1, 1}), test::weight("net.a.conv2", {4, 2, 1, 1}),
            test::actKey("net.a.act", "scaling_impl.value", {}, {0.5f}), test::weight("net.b.conv1", {2, 4, 1, 1}),
            test::actKey("net.b.act", "scaling_impl.value", {}, {0.5f}), test::weight("net.head", {3, 4})};
    }
    static std::shared_ptr<const Network> network()
    {
        const auto bits = [](const char *layer, int width) {
            return test::entry(
                layer, "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = " + std::to_string(width));
        };
        return std::make_shared<const Network>(test::recoveredNetwork(
            tensors(), "brevitas = \"0.10.2\"\n" + bits("*", 8) + bits("net.a.conv1", 4) + bits("net.head", 2)));
    }
    static int rowNamed(const QAbstractItemModel &rows, const QString &label)
    {
        for (int row = 0; row < rows.rowCount(); ++row)
            if (rows.index(row, 0).data(LayerProxy::LabelRole).toString() == label)
                return row;
        return -1;
    }
};

QTEST_MAIN(LayerTreeTest)
#include "tst_layer_tree.moc"
