#include "items/layer_columns.h"
#include "items/layer_proxy.h"
#include "look/names.h"
#include "look/theme.h"
#include "panels/layers_panel.h"
#include "support.h"

#include <QAbstractItemModelTester>

using namespace quantscope;
using namespace Qt::StringLiterals;

class LayerColumnsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }

    void everyColumnHasItsRow()
    {
        const std::vector<LayerColumn> &table = layerColumns();
        QCOMPARE(table.size(), std::size_t{LayerModel::NUM_COLUMNS});
        for (std::size_t at = 0; at < table.size(); ++at)
            QCOMPARE(static_cast<std::size_t>(table[at].id), at);
    }

    /// A store fills a column of its own, for layers that come later too, and takes it away again.
    void aStoreFillsAColumn()
    {
        LayerModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setGiven(LayerModel::Change, changes());
        model.setInspection(m_session.inspection());
        QCOMPARE(told(model, LayerModel::Change),
            (QStringList{u"conv2: 0.4 %, 0.004, tip of conv2, tone 2"_s,
                u"fc1: bits, unknown, codes that differ from the other model, or the field that differs, tone 0"_s}));
        QCOMPARE(told(model, LayerModel::Proposed), QStringList());
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        proxy.sort(LayerModel::Change, Qt::DescendingOrder);
        QCOMPARE(proxy.index(0, LayerModel::Name).data().toString(), u"conv2"_s);
        model.setGiven(LayerModel::Change, nullptr);
        QCOMPARE(told(model, LayerModel::Change), QStringList());
    }

    void oneLayerAlone()
    {
        LayerModel model;
        model.setInspection(m_session.inspection());
        QString text = u"4 bits"_s;
        model.setGiven(LayerModel::Proposed, [&](const std::string &layer) {
            return layer == "fc2" ? std::optional(GivenCell{text, {}, {}}) : std::nullopt;
        });
        text = u"5 bits"_s;
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.updateGiven(LayerModel::Proposed, "fc2");
        QCOMPARE(changed.size(), 1);
        const int row = model.rowOf(u"fc2"_s);
        QCOMPARE(changed.first().at(0).toModelIndex(), model.index(row, LayerModel::Proposed));
        QCOMPARE(model.index(row, LayerModel::Proposed).data().toString(), u"5 bits"_s);
    }

    /// It has room while somebody fills it, before all but the name; what is left out is what matters least.
    void itIsShownWhileItIsFilled()
    {
        LayersPanel panel(m_session);
        panel.resize(343, 500);
        panel.show();
        const QStringList usual{u"Layer"_s, u"Bits"_s, u"Scale"_s, u"Int."_s, u"Frac."_s, u"SQNR"_s};
        QCOMPARE(shown(panel), usual);
        panel.model()->setGiven(LayerModel::Change, changes());
        QCOMPARE(shown(panel), (QStringList{u"Layer"_s, u"Bits"_s, u"Scale"_s, u"Int."_s, u"SQNR"_s, u"Change"_s}));
        panel.model()->setGiven(LayerModel::Change, nullptr);
        QCOMPARE(shown(panel), usual);
    }

    /// What gives way first, by the room that is left: that of the text itself, and a pixel less.
    void namesKeepWhatDiffers_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QStringList>("texts"); // the widest first
        QTest::newRow("dots") << u"backbone.stage3.block1.conv"_s
                              << QStringList{u"backbone.stage3.block1.conv"_s, u"…stage3.block1.conv"_s,
                                     u"…3.block1.conv"_s, u"…block1.conv"_s, u"…1.conv"_s, u"…conv"_s};
        QTest::newRow("slashes and dots")
            << u"/layer1/layer1.0/conv1/Conv"_s
            << QStringList{u"/layer1/layer1.0/conv1/Conv"_s, u"…1/layer1.0/conv1/Conv"_s, u"…layer1.0/conv1/Conv"_s};
        QTest::newRow("no numbers") << u"m.input_gate.weight"_s
                                    << QStringList{u"m.input_gate.weight"_s, u"…input_gate.weight"_s,
                                           u"…input_ga….weight"_s, u"…input_g….weight"_s, u"…input_….weight"_s,
                                           u"…input….weight"_s, u"…inpu….weight"_s, u"…inp….weight"_s, u"…weight"_s};
        QTest::newRow("one part") << u"convolution"_s << QStringList{u"convolution"_s};
    }
    void namesKeepWhatDiffers()
    {
        QFETCH(QString, name);
        QFETCH(QStringList, texts);
        const QFontMetrics metrics(Theme::mono());
        for (const QString &text : texts)
            QCOMPARE(elidedName(metrics, name, metrics.horizontalAdvance(text)), text);
        for (qsizetype i = 0; i + 1 < texts.size(); ++i)
            QCOMPARE(elidedName(metrics, name, metrics.horizontalAdvance(texts[i]) - 1), texts[i + 1]);
    }

private:
    static GivenCells changes()
    {
        return [](const std::string &layer) -> std::optional<GivenCell> {
            if (layer == "conv2")
                return GivenCell{u"0.4 %"_s, u"tip of conv2"_s, 0.004, GivenCell::Tone::Warning};
            return layer == "fc1" ? std::optional(GivenCell{u"bits"_s, {}, {}}) : std::nullopt;
        };
    }
    static QStringList told(const LayerModel &model, int column)
    {
        QStringList lines;
        for (int row = 0; row < model.rowCount(); ++row) {
            const QModelIndex index = model.index(row, column);
            const QVariant value = index.data(LayerModel::SortRole), tone = index.data(LayerModel::ToneRole);
            if (!index.data().toString().isEmpty())
                lines << u"%1: %2, %3, %4, tone %5"_s.arg(model.nameAt(row), index.data().toString(),
                    value.isValid() ? value.toString() : u"unknown"_s, index.data(Qt::ToolTipRole).toString(),
                    tone.toString());
        }
        return lines;
    }
    static QStringList shown(LayersPanel &panel)
    {
        QStringList titles;
        for (int column = 0; column < LayerModel::NUM_COLUMNS; ++column)
            if (!panel.table()->isColumnHidden(column))
                titles << panel.model()->headerData(column, Qt::Horizontal).toString();
        return titles;
    }

    Session m_session;
};

QTEST_MAIN(LayerColumnsTest)
#include "tst_layer_columns.moc"
