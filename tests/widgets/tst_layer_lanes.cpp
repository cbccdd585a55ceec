#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "look/theme.h"
#include "network/lane_drawing.h"
#include "panels/lane_painter.h"
#include "panels/layer_delegate.h"
#include "panels/layers_panel.h"
#include "support.h"
#include "support/flow_sketch.h"
#include "window/actions.h"
#include "window/main_window.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QImage>
#include <QLineEdit>
#include <QPainter>
#include <QScrollBar>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// The lines beside the list of layers: what they say in words, when they are drawn, and what else a list with
/// operators does.
class LayerLanesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
    }
    void init()
    {
        test::failOnWarnings();
        Settings::setText(u"layers/operators"_s, {});
    }
    void cleanup() { m_window.reset(); }

    void words_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<bool>("operators");
        QTest::addColumn<QStringList>("rows");
        QTest::newRow("layers") << QString() << false
                                << QStringList{u"A: feeds B and C; gives a shape to D"_s, u"B: reads A; feeds C"_s,
                                       u"C: reads A and B; joins; feeds D"_s, u"D: reads C; reads a shape from A"_s,
                                       u"Z: "_s};
        QTest::newRow("operators") << QString() << true
                                   << QStringList{u"x: feeds A"_s, u"A: reads x; feeds relu and shape"_s,
                                          u"relu: reads A; feeds B and add"_s,
                                          u"shape: reads A; gives a shape to reshape"_s, u"B: reads relu; feeds add"_s,
                                          u"add: reads relu and B; joins; feeds C"_s, u"C: reads add; feeds reshape"_s,
                                          u"reshape: reads C; reads a shape from shape; feeds D"_s,
                                          u"D: reads reshape; feeds y"_s, u"Z: "_s, u"y: reads D"_s};
        QTest::newRow("some") << u"-name=C -name=B"_s << false
                              << QStringList{
                                     u"A: feeds D"_s, u"D: reads A through layers that are not listed"_s, u"Z: "_s};
    }
    void words()
    {
        QFETCH(QString, filter);
        QFETCH(bool, operators);
        QFETCH(QStringList, rows);
        LayerModel model;
        LayerProxy proxy;
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        fill(model, proxy);
        model.showOperators({model.network(), {}, {}}, operators);
        QCOMPARE(proxy.setFilterText(filter), QString());
        QStringList found;
        for (int row = 0; row < proxy.rowCount(); ++row)
            found << name(proxy, row) + u": "_s + proxy.index(row, 0).data(Qt::AccessibleDescriptionRole).toString();
        QCOMPARE(found, rows);
    }

    void tips()
    {
        LayerModel model;
        LayerProxy proxy;
        fill(model, proxy);
        const QStringList tips = tipsOf(proxy);
        QCOMPARE(tips,
            (QStringList{u"A\nfeeds B and C\ngives a shape to D"_s, u"B\nreads A\nfeeds C"_s,
                u"C\nreads A and B\nfeeds D"_s, u"D\nreads C\nreads a shape from A"_s,
                u"Z\nnothing tells what feeds it or reads it"_s}));
    }

    /// Of what only holds a tensor it is not said that nothing reads it.
    void constants()
    {
        const test::FlowSketch sketch(u"q=u8 2^-6; c; p.weight=i8 0.1; w.input=i8 0.1"_s, u"x > q > c"_s);
        LayerModel model;
        LayerProxy proxy;
        show(model, proxy, sketch.network);
        const QStringList tips = tipsOf(proxy);
        QVERIFY(tips.contains(u"p\na constant: what reads it is not followed"_s));
        QVERIFY(tips.contains(u"w\nnothing that is listed feeds it or reads it"_s));
    }

    /// Where the join is no row, the rows that read it tell of it, else the last that it reads.
    void joinsThatDisagree_data()
    {
        QTest::addColumn<QString>("edges");
        QTest::addColumn<bool>("operators");
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QString>("row");
        QTest::addColumn<QString>("description");
        QTest::addColumn<QString>("tip");
        const QString read = u"x > q > c > s > add > r; q > add"_s;
        const QString unread = u"x > q > c > s > add > y; q > add; q > r"_s;
        const QString numbers = u"add add joins what differs in scale, zero point and sign:\n"
                                u"≠ s act: i8 · 0.1 · zero point 3\n≠ q act: u8 · 2⁻⁶"_s;
        QTest::newRow("read") << read << false << QString() << u"r"_s << u"reads q and s; joins; differs"_s
                              << u"r\nreads q and s\n"_s + numbers;
        QTest::newRow("the join itself") << read << true << QString() << u"add"_s
                                         << u"reads q and s; joins; differs; feeds r"_s
                                         << u"add\noperator add\nreads q and s\n"_s + numbers + u"\nfeeds r"_s;
        const QString behind = u"the inputs of a join behind it differ"_s;
        QTest::newRow("not read") << unread << false << QString() << u"s"_s << u"reads c; "_s + behind
                                  << u"s\nreads c\n"_s + behind + u":\n"_s + numbers;
        QTest::newRow("its reader is hidden") << read << false << u"-name=r"_s << u"s"_s << u"reads c; "_s + behind
                                              << u"s\nreads c\n"_s + behind + u":\n"_s + numbers;
        QTest::newRow("all is hidden") << read << false << u"-name=r -name=s -name=q"_s << QString() << QString()
                                       << QString();
    }
    void joinsThatDisagree()
    {
        QFETCH(QString, edges);
        QFETCH(bool, operators);
        QFETCH(QString, filter);
        QFETCH(QString, row);
        const test::FlowSketch sketch(u"q=u8 2^-6; c; s=i8 0.1 zp 3; r=u8 2^-6"_s, edges);
        LayerModel model;
        LayerProxy proxy;
        show(model, proxy, sketch.network);
        model.showOperators({model.network(), {}, {}}, operators);
        QCOMPARE(proxy.setFilterText(filter), QString());
        for (int at = 0; at < proxy.rowCount(); ++at) {
            const QModelIndex index = proxy.index(at, 0);
            const auto cell = index.data(LayerModel::LanesRole).value<LaneCell>();
            const bool joins = row == u"r" || row == u"add"; // else it lies behind the row
            QCOMPARE(cell.differs, joins && name(proxy, at) == row);
            for (const LaneCell::Line &line : cell.lines)
                QCOMPARE(line.differs, cell.differs && line.segment.part == LaneSegment::Part::Arriving);
            if (name(proxy, at) != row)
                continue;
            QTEST(index.data(Qt::AccessibleDescriptionRole).toString(), "description");
            QTEST(index.data(Qt::ToolTipRole).toString(), "tip");
        }
    }

    /// Of three inputs one differs; what the row reads beside the join is no input of it.
    void linesThatDiffer()
    {
        const test::FlowSketch sketch(u"q=u8 2^-6; s=u8 2^-5; t=u8 2^-6; w; r"_s,
            u"x > q > keep > cat; x > s > pad > cat; x > t > cat; cat > r; x > w > r"_s);
        LayerModel model;
        LayerProxy proxy;
        show(model, proxy, sketch.network);
        QStringList red;
        for (int at = 0; at < proxy.rowCount(); ++at)
            for (const auto &line : proxy.index(at, 0).data(LayerModel::LanesRole).value<LaneCell>().lines)
                if (line.differs)
                    red << name(proxy, static_cast<int>(line.segment.value)) + u" at "_s + name(proxy, at);
        QCOMPARE(red, QStringList{u"s at r"_s});
    }

    /// Whatever the names' order, the file's or the alphabet's.
    void sortsByTheFlow()
    {
        const QString letters = u"CBA"_s;
        const test::Sketch sketch(letters, u"x > A > B > C > y"_s);
        LayerModel model;
        LayerProxy proxy;
        show(model, proxy, test::networkOf(letters, sketch));
        QCOMPARE(names(proxy), (QStringList{u"A"_s, u"B"_s, u"C"_s}));
        QVERIFY(lanes(proxy).isValid());
        proxy.sort(LayerModel::Name, Qt::DescendingOrder);
        QCOMPARE(names(proxy), (QStringList{u"C"_s, u"B"_s, u"A"_s}));
        QVERIFY(!lanes(proxy).isValid()); // lines lead from above
        QCOMPARE(proxy.index(0, 0).data(Qt::ToolTipRole).toString(), u"C"_s);
        proxy.sort(LayerModel::Kind, Qt::AscendingOrder);
        QVERIFY(!lanes(proxy).isValid());
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        QVERIFY(lanes(proxy).isValid());
    }

    /// Without a flow 'Layer' is the file's order, and there is no column.
    void nothingFlows()
    {
        Network network = test::networkOf(u"CBA"_s, test::Sketch(u"CBA"_s, {}));
        network.flow = {};
        LayerModel model;
        LayerProxy proxy;
        show(model, proxy, network);
        QCOMPARE(names(proxy), (QStringList{u"C"_s, u"B"_s, u"A"_s}));
        QVERIFY(!lanes(proxy).isValid());
        QCOMPARE(lanesWidth(lanes(proxy).value<LaneCell>()), 0);
    }

    /// Operators are listed, and nothing else knows of them.
    void operatorsInTheWindow()
    {
        openUnet();
        const QStringList layers{
            u"inq"_s, u"enc1"_s, u"r1"_s, u"enc2"_s, u"r2"_s, u"up"_s, u"catq"_s, u"dec"_s, u"r3"_s, u"head"_s};
        QCOMPARE(names(*table()->model()), layers);
        m_window->session().selectLayers({u"r2"_s, u"up"_s});
        QAction *action = operators();
        QVERIFY(action->isCheckable() && action->isEnabled() && !action->isChecked());
        action->trigger();
        QVERIFY(action->isChecked());
        const QStringList kinds = column(LayerModel::Kind);
        QCOMPARE(kinds.filter(u"MaxPool"_s).size(), 1);
        QCOMPARE(kinds.filter(u"Concat"_s).size(), 1);
        QCOMPARE(kinds.first(), u"input"_s);
        QCOMPARE(kinds.last(), u"output"_s);
        QStringList shown = names(*table()->model());
        shown.removeIf([&](const QString &name) { return !layers.contains(name); });
        QCOMPARE(shown, layers); // in the same order
        QCOMPARE(m_window->session().selectedLayers(), (QStringList{u"r2"_s, u"up"_s}));
        table()->selectAll();
        QCOMPARE(m_window->session().selectedLayers().size(), layers.size());
        QCOMPARE(table()->selectionModel()->selectedRows().size(), layers.size());
        m_window->session().selectLayers({u"inq"_s});
        for (const QString &layer : layers.mid(1)) {
            m_window->stepLayer(1);
            QCOMPARE(m_window->session().selectedLayers(), QStringList{layer});
        }
        m_window->stepLayer(1);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"head"_s});
        QTest::keyClick(table(), Qt::Key_Up);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"r3"_s});
        const int pool = static_cast<int>(kinds.indexOf(u"MaxPool"_s));
        QTest::mouseClick(
            table()->viewport(), Qt::LeftButton, {}, table()->visualRect(table()->model()->index(pool, 0)).center());
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"r3"_s});
        QCOMPARE(
            table()->model()->index(pool, 0).data(Qt::AccessibleDescriptionRole).toString(), u"reads r1; feeds enc2"_s);
        action->trigger();
        QCOMPARE(names(*table()->model()), layers);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"r3"_s});
    }

    void theChoiceIsKept()
    {
        openUnet();
        operators()->trigger();
        const QStringList shown = names(*table()->model());
        m_window = std::make_unique<MainWindow>();
        m_window->show();
        openUnet();
        QVERIFY(operators()->isChecked());
        QCOMPARE(names(*table()->model()), shown);
        m_window->session().close();
        QVERIFY(!operators()->isEnabled());
    }

    /// What the list was like stays when the file is read again.
    void reloading()
    {
        openUnet();
        m_window->resize(900, 420);
        operators()->trigger();
        m_window->findChild<QLineEdit *>(u"filter"_s)->setText(u"-kind:relu"_s);
        m_window->session().selectLayers({u"enc2"_s, u"up"_s, u"head"_s});
        table()->verticalScrollBar()->setValue(2);
        const QStringList before = names(*table()->model());
        const int scrolled = table()->verticalScrollBar()->value();
        m_window->session().reload();
        QVERIFY(QTest::qWaitFor([&] {
            return m_window->session().state() == Session::State::Ready && m_window->session().statistics().idle();
        }));
        QCoreApplication::processEvents();
        QCOMPARE(names(*table()->model()), before);
        QCOMPARE(m_window->session().selectedLayers(), (QStringList{u"enc2"_s, u"up"_s, u"head"_s}));
        QCOMPARE(table()->selectionModel()->selectedRows().size(), 3);
        QCOMPARE(table()->verticalScrollBar()->value(), scrolled);
        QVERIFY(lanes(*table()->model()).isValid());
        table()->sortByColumn(LayerModel::Kind, Qt::AscendingOrder);
        QVERIFY(!lanes(*table()->model()).isValid());
        table()->sortByColumn(-1, Qt::AscendingOrder); // cleared
        QVERIFY(lanes(*table()->model()).isValid());
        QCOMPARE(names(*table()->model()), before);
    }

    /// The path of the layer that is shown has the accent; a join that disagrees is red, with a sign.
    void colours()
    {
        for (const ThemeChoice theme : {ThemeChoice::Light, ThemeChoice::Dark}) {
            Theme::instance().apply(theme);
            const QColor accent = quantscope::colours().accent, red = quantscope::colours().red;
            LaneCell cell = joining();
            QVERIFY(!has(painted(cell), accent) && !has(painted(cell), red));
            cell.lines[0].onPath = cell.onPath = true;
            QVERIFY(has(painted(cell), accent) && !has(painted(cell), red));
            cell.lines[1].differs = cell.differs = true;
            const QImage image = painted(cell);
            QVERIFY(has(image, red));
            QCOMPARE(image.pixelColor(10, 13), quantscope::colours().panel); // of the sign, on the dot
        }
        Theme::instance().apply(ThemeChoice::Light);
    }

private:
    /// Z is no part of the flow.
    void fill(LayerModel &model, LayerProxy &proxy)
    {
        const QString letters = u"ABCD"_s;
        const test::Sketch sketch(
            letters, u"x > A > relu > B > add > C > reshape > D > y; relu > add; A > shape > s:reshape"_s);
        Network network = test::networkOf(letters, sketch);
        network.add({}).name = "Z";
        show(model, proxy, network);
    }
    static void show(LayerModel &model, LayerProxy &proxy, const Network &network)
    {
        proxy.setSourceModel(&model);
        model.setInspection({std::make_shared<const Network>(network), {}, {}});
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
    }
    static QString name(const QAbstractItemModel &model, int row) { return model.index(row, 0).data().toString(); }
    static QStringList names(const QAbstractItemModel &model)
    {
        QStringList list;
        for (int row = 0; row < model.rowCount(); ++row)
            list << name(model, row);
        return list;
    }
    static QStringList tipsOf(const QAbstractItemModel &model)
    {
        QStringList list;
        for (int row = 0; row < model.rowCount(); ++row)
            list << model.index(row, 0).data(Qt::ToolTipRole).toString();
        return list;
    }
    static QVariant lanes(const QAbstractItemModel &model) { return model.index(0, 0).data(LayerModel::LanesRole); }

    void openUnet()
    {
        if (!m_window) {
            m_window = std::make_unique<MainWindow>();
            m_window->show();
        }
        m_window->open(QString::fromStdString(test::data("brevitas/0.10.2/unet_cat.qonnx.onnx")));
        QVERIFY(QTest::qWaitFor([&] {
            return m_window->session().state() == Session::State::Ready && m_window->session().statistics().idle();
        }));
    }
    QTableView *table() { return m_window->layers()->table(); }
    QStringList column(int at)
    {
        QStringList list;
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            list << table()->model()->index(row, at).data().toString();
        return list;
    }
    QAction *operators()
    {
        for (QAction *action : m_window->actions())
            if (action->text() == u"Operators &without quantizers")
                return action;
        return nullptr;
    }

    /// Two lines arrive at a dot in the first column.
    static LaneCell joining()
    {
        LaneCell cell;
        cell.columns = 2;
        for (std::uint8_t from = 0; from < 2; ++from)
            cell.lines.push_back({{LaneSegment::Part::Arriving, from, 0, LinkKind::Data, from}, false, false});
        return cell;
    }
    static QImage painted(const LaneCell &cell)
    {
        QImage image(40, 30, QImage::Format_RGB32);
        image.fill(quantscope::colours().panel);
        QPainter painter(&image);
        paintLanes(&painter, image.rect(), cell);
        return image;
    }
    static bool has(const QImage &image, const QColor &colour)
    {
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                if (image.pixelColor(x, y) == colour)
                    return true;
        return false;
    }

    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(LayerLanesTest)
#include "tst_layer_lanes.moc"
