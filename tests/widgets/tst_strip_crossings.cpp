#include "dialects/brevitas/recipe_edits.h"
#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "pages/overview/layer_strip_bar.h"
#include "pages/overview/overview_page.h"
#include "panels/layers_panel.h"
#include "support.h"
#include "support/onnx_builder.h"
#include "window/main_window.h"

#include <QLineEdit>
#include <QTableView>
#include <QTemporaryDir>
#include <QTextDocument>
#include <QUndoStack>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

/// What the strip says of the layer that the session shows, from the model alone.
QString expectedLine(const Session &session)
{
    const Network &network = *session.network();
    const LayerId id = session.currentLayer()->id;
    QStringList pieces;
    for (const StripPart &part : stripParts(network, id, Neighbourhoods(network).of(id), 6))
        pieces << stripText(part).replace(u"  "_s, u" "_s);
    return pieces.join(u"  "_s);
}

QList<StripLink *> linksOf(const QWidget &bar)
{
    QList<StripLink *> out;
    for (StripLink *link : bar.findChildren<StripLink *>())
        if (!link->isHidden())
            out << link;
    return out;
}

QString tipOf(const QWidget &widget)
{
    QTextDocument shown;
    shown.setHtml(widget.toolTip());
    return shown.toPlainText();
}

/// Rows with their lines: "conv1: reads quant_inp | dot 0 | arriving 0-0 red, leaving 0-0".
QStringList drawn(const QAbstractItemModel &model)
{
    static const QString kParts[] = {u"passing"_s, u"arriving"_s, u"leaving"_s};
    QStringList rows;
    for (int row = 0; row < model.rowCount(); ++row) {
        const QModelIndex index = model.index(row, LayerModel::Name);
        const QVariant lanes = index.data(LayerModel::LanesRole);
        const auto cell = lanes.value<LaneCell>();
        QStringList lines;
        for (const LaneCell::Line &line : cell.lines)
            lines << u"%1 %2-%3 %4%5%6"_s.arg(kParts[static_cast<int>(line.segment.part)])
                         .arg(line.segment.from)
                         .arg(line.segment.to)
                         .arg(static_cast<int>(line.segment.kind))
                         .arg(line.onPath ? u" path"_s : QString(), line.differs ? u" red"_s : QString());
        rows << u"%1: %2 | %3 %4 | %5"_s.arg(index.data().toString(),
            index.data(Qt::AccessibleDescriptionRole).toString(), lanes.isValid() ? QString::number(cell.dot) : u"–"_s,
            cell.differs ? u"red"_s : QString(), lines.join(u", "_s));
    }
    return rows;
}

} // namespace

/// Where a layer sits, beside the list and above the figures, and what else happens to the model.
class StripCrossingsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        Settings::clearRecent();
        Settings::setText(u"layers/operators"_s, {});
        m_folder = std::make_unique<QTemporaryDir>();
    }

    /// The strip of one model is nothing of the next: neither its words nor where its links lead.
    void anotherModel()
    {
        MainWindow window;
        window.show();
        open(window, test::sample("digits_fixed.pt"));
        Session &session = window.session();
        session.selectLayers({u"conv2"_s});
        window.showPage(PageId::Overview);
        auto *bar = window.findChild<LayerStripBar *>();
        QTRY_COMPARE(bar->text(), u"relu1 u8 · 2⁻⁶  → MaxPool →  conv2  → Relu →  relu2 u6 · 2⁻³"_s);
        const QList<StripLink *> old = linksOf(*bar);
        window.open(QString::fromStdString(test::data("brevitas/0.10.2/unet_cat.qonnx.onnx")));
        for (StripLink *link : old)
            link->click(); // before anything of the new model is there
        QVERIFY(session.network()->layer("conv2")); // what was open stays until the other is read
        QTRY_VERIFY(!session.network()->layer("conv2"));
        QVERIFY(waitFor(session));
        session.selectLayers({u"catq"_s});
        QTRY_COMPARE(bar->text(), u"r1 u6 · 2⁻⁵  up  →  catq i8 · 2⁻⁶  → Concat →  dec"_s);
        for (const Layer &layer : session.network()->layers) {
            const QString name = qs(layer.name);
            session.selectLayers({name});
            QTRY_COMPARE(bar->text(), expectedLine(session));
            const qsizetype count = linksOf(*bar).size();
            QVERIFY(count > 0);
            for (qsizetype at = 0; at < count; ++at) {
                session.selectLayers({name});
                QTRY_COMPARE(bar->text(), expectedLine(session));
                const QString to = linksOf(*bar)[at]->part().layer;
                QVERIFY(session.network()->layer(str(to)));
                QTest::mouseClick(linksOf(*bar)[at], Qt::LeftButton);
                QCOMPARE(session.selectedLayers(), QStringList{to});
                QTRY_COMPARE(bar->text(), expectedLine(session));
            }
        }
    }

    /// Types and scales of both sides and of the layer itself, the names of the links and their tips.
    void recipeEdits()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"conv2"_s});
        OverviewPage page(session);
        page.resize(1000, 700);
        const auto *bar = page.findChild<LayerStripBar *>();
        const auto shown = [&] {
            page.refreshNow();
            QStringList lines{bar->text()};
            for (const StripLink *link : linksOf(*bar))
                lines << link->accessibleName() << tipOf(*link);
            return lines;
        };
        const QStringList before = shown();
        QCOMPARE(before,
            (QStringList{u"relu1 u8 · 2⁻⁶  → MaxPool →  conv2  → Relu →  relu2 u6 · 2⁻³"_s, u"fed by relu1, u8 · 2⁻⁶"_s,
                u"relu1, ReLU\nrelu1 act: u8, scale 2⁻⁶, zero point 0"_s, u"feeds relu2, u6 · 2⁻³"_s,
                u"relu2, ReLU\nrelu2 act: u6, scale 2⁻³, zero point 0"_s}));
        // The thresholds 2^2 and 2^3 stay: 4 / 2^5 and 8 / 2^7, for signed codes.
        edit(session, "relu1", "Uint8ActPerTensorFixedPoint", "5");
        edit(session, "relu2", "Int8ActPerTensorFixedPoint", "8");
        const QStringList after{u"relu1 u5 · 2⁻³  → MaxPool →  conv2  → Relu →  relu2 i8 · 2⁻⁴"_s,
            u"fed by relu1, u5 · 2⁻³"_s, u"relu1, ReLU\nrelu1 act: u5, scale 2⁻³, zero point 0"_s,
            u"feeds relu2, i8 · 2⁻⁴"_s, u"relu2, ReLU\nrelu2 act: i8, scale 2⁻⁴, zero point 0"_s};
        QCOMPARE(shown(), after);
        edit(session, "relu1", "None");
        QCOMPARE(shown().mid(0, 3),
            (QStringList{u"relu1  → MaxPool →  conv2  → Relu →  relu2 i8 · 2⁻⁴"_s, u"fed by relu1"_s,
                u"relu1, ReLU\ngives values that no quantizer has made"_s}));
        walk(session, -1);
        QCOMPARE(shown(), after);
        walk(session, -2);
        QCOMPARE(shown(), before);
        walk(session, 2);
        QCOMPARE(shown(), after);
    }

    void confirmations_data()
    {
        QTest::addColumn<QString>("assumed");
        QTest::addColumn<QString>("proof"); ///< scale of the input's quantizer, as the live model had it
        QTest::newRow("given") << QString() << QString();
        QTest::newRow("assumed") << u"assumed = true\n"_s << QString();
        QTest::newRow("proved") << QString() << u"0x1p-6"_s;
        QTest::newRow("contradicted") << QString() << u"0x1p-5"_s;
    }

    /// Who vouches for the quantizers changes nothing of what they are.
    void confirmations()
    {
        QFETCH(QString, assumed);
        QFETCH(QString, proof);
        const QString input = u"[[quantizer]]\nmatch = \"quant_inp\"\nslot = \"act\"\npreset = "
                              "\"Int8ActPerTensorFixedPoint\"\n"_s;
        const QString bias = u"[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\n"
                             "input = \"quant_inp\"\n"_s;
        const QString proved = u"[[proof]]\nlayer = \"quant_inp\"\nslot = \"act\"\nbit_width = 8\nsigned = true\n"
                               "scale = [\"%1\"]\nzero_point = [\"0x0p+0\"]\n"_s;
        const QString path = copy("digits_fixed.pt");
        write(u"digits_fixed.recipe.toml"_s,
            (input + assumed + bias + assumed + (proof.isEmpty() ? proof : proved.arg(proof))).toUtf8());
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        session.selectLayers({u"conv1"_s});
        OverviewPage page(session);
        page.resize(1000, 700);
        const auto *bar = page.findChild<LayerStripBar *>();
        page.refreshNow();
        QCOMPARE(bar->text(), u"quant_inp i8 · 2⁻⁶  →  conv1"_s);
        const auto verdict = [&] { return session.network()->layer("quant_inp")->slot(Slot::Act)->proof; };
        const bool contradicted = proof == u"0x1p-5";
        QCOMPARE(verdict(),
            proof.isEmpty()    ? ProofVerdict::None
                : contradicted ? ProofVerdict::Differs
                               : ProofVerdict::Confirmed);
        QCOMPARE(session.network()->layer("quant_inp")->slot(Slot::Act)->assumed, !assumed.isEmpty() || contradicted);
        session.confirmLayers({u"quant_inp"_s, u"conv1"_s});
        QTRY_VERIFY(contradicted || !session.network()->layer("conv1")->slot(Slot::Bias)->assumed);
        page.refreshNow();
        QCOMPARE(bar->text(), u"quant_inp i8 · 2⁻⁶  →  conv1"_s);
        QCOMPARE(bar->text(), expectedLine(session));
        linksOf(*bar)[0]->click();
        QCOMPARE(session.selectedLayers(), QStringList{u"quant_inp"_s});
        page.refreshNow();
        QCOMPARE(bar->text(), u"quant_inp i8 · 2⁻⁶  →  conv1"_s);
        QCOMPARE(linksOf(*bar)[0]->part().layer, u"conv1"_s);
    }

    /// The first of several is the one that is shown: in the strip, and on the path beside the list.
    void severalLayers()
    {
        MainWindow window;
        window.show();
        open(window, test::sample("digits_fixed.pt"));
        Session &session = window.session();
        window.showPage(PageId::Overview);
        const auto *bar = window.findChild<LayerStripBar *>();
        const auto shown = [&](const QStringList &layers) {
            session.selectLayers(layers);
            if (!QTest::qWaitFor([&] { return bar->text() == expectedLine(session); }))
                return QStringList{bar->text()};
            return QStringList{bar->text()} + drawn(*window.layers()->table()->model());
        };
        const QStringList conv = shown({u"conv2"_s}), fc = shown({u"fc1"_s});
        QVERIFY(conv != fc);
        QCOMPARE(shown({u"conv2"_s, u"fc1"_s}), conv);
        QCOMPARE(shown({u"fc1"_s, u"conv2"_s}), fc);
        QCOMPARE(shown({u"conv2"_s, u"fc1"_s, u"relu3"_s}), conv);
        QVERIFY(bar->text().startsWith(u"relu1 u8 · 2⁻⁶  → MaxPool →  conv2"));
        QTest::mouseClick(linksOf(*bar)[0], Qt::LeftButton);
        QCOMPARE(session.selectedLayers(), QStringList{u"relu1"_s}); // walking selects one
    }

    /// quant_inp (i8, 2^-6) and relu1 (u8, 2^-6) meet at an Add: their lines are red as long as they disagree.
    void lanesFollowEdits()
    {
        MainWindow window;
        window.show();
        open(window, str(withAdd()));
        Session &session = window.session();
        session.selectLayers({u"conv1"_s});
        const QAbstractItemModel &list = *window.layers()->table()->model();
        QCOMPARE(session.network()->toldBy, std::string("digits_fixed_qonnx.onnx"));
        const auto note = [&](const QString &layer) {
            for (int row = 0; row < list.rowCount(); ++row)
                if (list.index(row, 0).data().toString() == layer)
                    return list.index(row, 0).data(Qt::ToolTipRole).toString();
            return QString();
        };
        const QString sign = u"relu1\nreads conv1\nfeeds conv2\nthe inputs of a join behind it differ:\n"
                             "Add /add joins what differs in sign:\n≠ quant_inp act: i8 · 2⁻⁶\n≠ relu1 act: u8 · 2⁻⁶"_s;
        QCOMPARE(note(u"relu1"_s), sign);
        const QStringList before = drawn(list);
        QCOMPARE(before, drawnAnew(session, {}, false));
        edit(session, "relu1", "Int8ActPerTensorFixedPoint");
        QCOMPARE(note(u"relu1"_s).section(u'\n', 4),
            u"Add /add joins what differs in scale:\n≠ quant_inp act: i8 · 2⁻⁶\n≠ relu1 act: i8 · 2⁻⁵"_s);
        QCOMPARE(drawn(list), drawnAnew(session, {}, false));
        edit(session, "relu1", "None");
        QCOMPARE(note(u"relu1"_s), u"relu1\nreads conv1\nfeeds conv2"_s);
        const QStringList agreeing = drawn(list);
        QVERIFY(agreeing != before && !agreeing.join(u' ').contains(u"differ"));
        walk(session, -2);
        QCOMPARE(note(u"relu1"_s), sign);
        QCOMPARE(drawn(list), before);
        walk(session, 2);
        QCOMPARE(drawn(list), agreeing);
    }

    /// In whatever order a filter, an order, operators and edits come: the list is what it would be had it begun so.
    void lanesWithFiltersAndOperators()
    {
        MainWindow window;
        window.show();
        open(window, str(withAdd()));
        Session &session = window.session();
        session.selectLayers({u"conv2"_s});
        QTableView *table = window.layers()->table();
        auto *filter = window.findChild<QLineEdit *>(u"filter"_s);
        const QAbstractItemModel &list = *table->model();
        const auto agrees = [&](const QString &text, bool operators) {
            QCoreApplication::processEvents();
            QCOMPARE(drawn(list), drawnAnew(session, text, operators));
        };
        agrees({}, false);
        window.showOperators(true);
        agrees({}, true);
        QVERIFY(drawn(list).filter(u"/add: reads quant_inp and relu1; joins; differs"_s).join(u' ').contains(u"red"));
        filter->setText(u"-relu1"_s);
        agrees(u"-relu1"_s, true);
        edit(session, "relu1", "Int8ActPerTensorFixedPoint");
        agrees(u"-relu1"_s, true);
        table->sortByColumn(LayerModel::Name, Qt::DescendingOrder);
        QVERIFY(!drawn(list).join(u' ').contains(u"arriving"));
        window.showOperators(false);
        table->sortByColumn(LayerModel::Name, Qt::AscendingOrder);
        agrees(u"-relu1"_s, false);
        filter->setText(u"conv"_s);
        agrees(u"conv"_s, false);
        QCOMPARE(drawn(list),
            (QStringList{u"conv1: feeds conv2 | 0  | leaving 0-0 1 path"_s,
                u"conv2: reads conv1 through layers that are not listed | 0  | arriving 0-0 1 path"_s}));
        session.undoStack().undo();
        QTRY_VERIFY(session.network()->layer("relu1")->slot(Slot::Act)->quantizer->isSigned == false);
        filter->clear();
        agrees({}, false);
    }

private:
    static bool waitFor(Session &session)
    {
        return QTest::qWaitFor(
            [&] { return session.state() == Session::State::Ready && session.statistics().idle(); }, 20000);
    }
    static void open(MainWindow &window, const std::string &path)
    {
        window.open(QString::fromStdString(path));
        QVERIFY(waitFor(window.session()));
    }
    /// Undoes (negative) or redoes that many edits.
    static void walk(Session &session, int by)
    {
        for (; by != 0; by += by < 0 ? 1 : -1) {
            const auto before = session.network();
            by < 0 ? session.undoStack().undo() : session.undoStack().redo();
            QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }, 20000) && waitFor(session));
        }
    }
    static void edit(
        Session &session, const std::string &layer, const std::string &preset, const std::string &bits = {})
    {
        const auto before = session.network();
        SlotChoice choice{layer, Slot::Act, preset, {}};
        if (!bits.empty())
            choice.overrides = {{"bit_width", bits}};
        session.applyChoices({choice}, u"edit"_s);
        QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }, 20000) && waitFor(session));
    }

    /// A list that has seen nothing but this network, with the same path.
    static QStringList drawnAnew(const Session &session, const QString &filter, bool operators)
    {
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        model.showOperators({session.network(), {}, {}}, operators);
        model.setInspection({session.network(), {}, {}});
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        proxy.setFilterText(filter);
        proxy.showPathOf(session.selectedLayers().front());
        return drawn(proxy);
    }

    QString copy(const char *sample) const
    {
        const QString path = m_folder->filePath(QString::fromLatin1(sample));
        return QFile::copy(QString::fromStdString(test::sample(sample)), path) ? path : QString();
    }
    void write(const QString &name, const QByteArray &content) const
    {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Append) && file.write(content) == content.size());
    }
    /// The sample, its recipe and its export, which adds up what its first two activations make, for a quantizer that
    /// it has alone.
    QString withAdd() const
    {
        const QString path = copy("digits_fixed.pt");
        copy("digits_fixed.recipe.toml");
        copy("digits_fixed_qonnx.onnx");
        const std::string input = "/quant_inp/act_quant/export_handler/";
        test::OnnxBuilder more;
        more.node("Add", {input + "Quant_output_0", "/relu1/act_quant/export_handler/Quant_output_0"}, {"sum"}, "/add");
        more.node("Quant",
            {"sum", input + "Constant_1_output_0", input + "Constant_2_output_0", input + "Constant_output_0"},
            {"more"}, "/more/act_quant/export_handler/Quant", "onnx.brevitas", {{{"signed", 1}, {"narrow", 0}}, {}});
        write(u"digits_fixed_qonnx.onnx"_s, QByteArray::fromStdString(more.graph()));
        return path;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(StripCrossingsTest)
#include "tst_strip_crossings.moc"
