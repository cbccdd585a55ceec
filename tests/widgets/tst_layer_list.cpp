#include "dialects/brevitas/recipe_edits.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "panels/layer_delegate.h"
#include "panels/layers_panel.h"
#include "support/state_file.h"
#include "window_fixture.h"

#include <QClipboard>
#include <QHeaderView>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// A state_dict as a safetensors file.
static QByteArray safetensors(const std::vector<test::StateTensor> &tensors)
{
    QByteArray header = "{", data;
    for (const test::StateTensor &tensor : tensors) {
        QByteArrayList sizes;
        for (const auto size : tensor.shape)
            sizes << QByteArray::number(static_cast<qlonglong>(size));
        const qsizetype begin = data.size();
        for (const float value : tensor.values)
            data.append(reinterpret_cast<const char *>(&value), 4);
        header += (header.size() > 1 ? "," : "") + ("\"" + QByteArray::fromStdString(tensor.name))
            + "\":{\"dtype\":\"F32\",\"shape\":[" + sizes.join(",") + "],\"data_offsets\":[" + QByteArray::number(begin)
            + "," + QByteArray::number(data.size()) + "]}";
    }
    header += "}";
    const auto length = static_cast<quint64>(header.size());
    return QByteArray(reinterpret_cast<const char *>(&length), 8) + header + data;
}

/// net.a: conv1, conv2, act; net.b: conv1, act; net.head; tail.
static std::vector<test::StateTensor> branches()
{
    return {test::weight("net.a.conv1", {4, 2, 1, 1}), test::weight("net.a.conv2", {4, 2, 1, 1}),
        test::actKey("net.a.act", "scaling_impl.value", {}, {0.5f}), test::weight("net.b.conv1", {2, 4, 1, 1}),
        test::actKey("net.b.act", "scaling_impl.value", {}, {0.5f}), test::weight("net.head", {3, 4}),
        test::weight("tail", {2, 3})};
}

/// The list in its window: what is selected, folded and told.
class LayerListTest : public QObject, private test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        Settings::setText(u"layers/tree"_s, QString());
        Settings::setText(u"layers/steps"_s, QString());
        makeWindow();
        m_model = m_folder->filePath(u"m.safetensors"_s);
        m_recipe = m_folder->filePath(u"m.recipe.toml"_s);
        write(m_model, safetensors(branches()));
        write(m_recipe, "brevitas = \"0.10.2\"\n");
        openModel();
    }

    /// A small network is flat until somebody asks for the tree, which unfolds as much as there is room for.
    void flatUntilAsked()
    {
        QCOMPARE(rows(),
            (QStringList{u"net.a.conv1"_s, u"net.a.conv2"_s, u"net.a.act"_s, u"net.b.conv1"_s, u"net.b.act"_s,
                u"net.head"_s, u"tail"_s}));
        QVERIFY(!action(u"Unfold all"_s)->isEnabled());
        action(u"Layers as a tree"_s)->trigger();
        QVERIFY(action(u"Layers as a tree"_s)->isChecked());
        QCOMPARE(rows(), asTree());
        action(u"Fold all"_s)->trigger();
        QCOMPARE(rows(), (QStringList{u"net"_s, u"tail"_s}));
        action(u"Unfold all"_s)->trigger();
        QCOMPARE(rows(), asTree());
        action(u"Layers as a tree"_s)->trigger();
        QCOMPARE(rows().front(), u"net.a.conv1"_s);
    }

    void selects_data()
    {
        QTest::addColumn<QList<int>>("clicks"); // rows; with Ctrl behind the first
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QStringList>("marked");
        const QStringList a{u"net.a.conv1"_s, u"net.a.conv2"_s, u"net.a.act"_s};
        QTest::newRow("a layer") << QList<int>{4} << QStringList{u"net.a.act"_s} << QStringList{u"act"_s};
        QTest::newRow("a branch") << QList<int>{1} << a << QStringList{u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s};
        QTest::newRow("a branch without one of its layers")
            << QList<int>{1, 3} << QStringList{u"net.a.conv1"_s, u"net.a.act"_s} << QStringList{u"conv1"_s, u"act"_s};
        QTest::newRow("all layers of a branch")
            << QList<int>{2, 3, 4} << QStringList{u"net.a.act"_s, u"net.a.conv1"_s, u"net.a.conv2"_s}
            << QStringList{u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s};
        QTest::newRow("two branches") << QList<int>{5, 1} << a + QStringList{u"net.b.conv1"_s, u"net.b.act"_s}
                                      << QStringList{
                                             u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s, u"b"_s, u"conv1"_s, u"act"_s};
        QTest::newRow("a branch taken out again")
            << QList<int>{1, 8, 1} << QStringList{u"net.head"_s} << QStringList{u"head"_s};
        QTest::newRow("a layer of a branch alone")
            << QList<int>{1, -3} << QStringList{u"net.a.conv2"_s} << QStringList{u"conv2"_s};
        QTest::newRow("the root") << QList<int>{0} << a + QStringList{u"net.b.conv1"_s, u"net.b.act"_s, u"net.head"_s}
                                  << asTree().mid(0, 9);
    }
    void selects()
    {
        QFETCH(QList<int>, clicks);
        QFETCH(QStringList, layers);
        QFETCH(QStringList, marked);
        list()->showTree(true);
        for (qsizetype i = 0; i < clicks.size(); ++i)
            click(std::abs(clicks[i]), i > 0 && clicks[i] >= 0 ? Qt::ControlModifier : Qt::NoModifier);
        QCOMPARE(session().selectedLayers(), layers);
        QCOMPARE(selectedRows(), marked);
    }

    /// Folding takes nothing out of the selection; a folded branch stands for its layers.
    void foldingKeepsTheSelection()
    {
        list()->showTree(true);
        click(3);
        click(6, Qt::ControlModifier);
        const QStringList chosen = session().selectedLayers();
        QCOMPARE(chosen, (QStringList{u"net.b.conv1"_s, u"net.a.conv2"_s}));
        fold(1);
        QCOMPARE(rows(), (QStringList{u"net"_s, u"a"_s, u"b"_s, u"conv1"_s, u"act"_s, u"head"_s, u"tail"_s}));
        QCOMPARE(session().selectedLayers(), chosen);
        QVERIFY(!table()->model()->index(2, 0).data(LayerProxy::HoldsPathRole).toBool());
        fold(2);
        QVERIFY(table()->model()->index(2, 0).data(LayerProxy::HoldsPathRole).toBool()); // the page's layer is in it
        QCOMPARE(session().selectedLayers(), chosen);
        click(1);
        QCOMPARE(session().selectedLayers(), (QStringList{u"net.a.conv1"_s, u"net.a.conv2"_s, u"net.a.act"_s}));
        QCOMPARE(rows().size(), 5); // it stays folded
        fold(1);
        QCOMPARE(selectedRows(), (QStringList{u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s}));
    }

    void keys()
    {
        list()->showTree(true);
        click(3);
        const auto press = [this](Qt::Key key) { QTest::keyClick(table(), key); };
        press(Qt::Key_Left); // to the branch
        QCOMPARE(selectedRows(), (QStringList{u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s}));
        press(Qt::Key_Left);
        QCOMPARE(rows().mid(0, 3), (QStringList{u"net"_s, u"a"_s, u"b"_s}));
        press(Qt::Key_Left);
        QCOMPARE(table()->currentIndex().row(), 0);
        press(Qt::Key_Minus);
        QCOMPARE(rows(), (QStringList{u"net"_s, u"tail"_s}));
        press(Qt::Key_Right);
        QCOMPARE(rows().mid(0, 3), (QStringList{u"net"_s, u"a"_s, u"b"_s}));
        press(Qt::Key_Right);
        QCOMPARE(table()->currentIndex().row(), 1);
        press(Qt::Key_Left);
        QCOMPARE(table()->currentIndex().row(), 0);
        press(Qt::Key_Asterisk);
        QCOMPARE(rows(), asTree());
    }

    /// J and K go through the layers, into folded branches too, or those with weights alone.
    void steps()
    {
        list()->showTree(true);
        list()->unfoldAll(false);
        const auto walk = [this](int by) {
            QStringList names;
            for (int i = 0; i < 9; ++i) {
                m_window->stepLayer(by);
                if (names.isEmpty() || session().selectedLayers().front() != names.back())
                    names << session().selectedLayers().front();
            }
            return names;
        };
        session().selectLayers({u"net.a.conv1"_s});
        QCOMPARE(walk(1),
            (QStringList{
                u"net.a.conv2"_s, u"net.a.act"_s, u"net.b.conv1"_s, u"net.b.act"_s, u"net.head"_s, u"tail"_s}));
        QCOMPARE(rows(), asTree());
        action(u"J and K visit weights only"_s)->trigger();
        QVERIFY(action(u"J and K visit weights only"_s)->isChecked());
        QCOMPARE(walk(-1), (QStringList{u"net.head"_s, u"net.b.conv1"_s, u"net.a.conv2"_s, u"net.a.conv1"_s}));
    }

    /// What is selected elsewhere is unfolded; what is folded stays so with the model.
    void foldingIsKept()
    {
        list()->showTree(true);
        list()->unfoldAll(false);
        session().selectLayers({u"net.b.act"_s});
        const QStringList unfolded{u"net"_s, u"a"_s, u"b"_s, u"conv1"_s, u"act"_s, u"head"_s, u"tail"_s};
        QCOMPARE(rows(), unfolded);
        session().reload();
        QVERIFY(QTest::qWaitFor([&] { return session().state() == Session::State::Ready; }));
        QCOMPARE(rows(), unfolded);
        const QString other = m_folder->filePath(u"other.safetensors"_s);
        write(other, safetensors({test::weight("x.p", {2, 2}), test::weight("x.q", {2, 2})}));
        m_window->open(other);
        QVERIFY(
            QTest::qWaitFor([&] { return session().path() == other && session().state() == Session::State::Ready; }));
        QCOMPARE(rows(), (QStringList{u"x"_s, u"p"_s, u"q"_s}));
        m_window->open(m_model);
        QVERIFY(
            QTest::qWaitFor([&] { return session().path() == m_model && session().state() == Session::State::Ready; }));
        // The first layer is shown, so that its branch is unfolded beside what was.
        QCOMPARE(rows(), asTree());
    }

    /// Above the list: how many match, why a term cannot be used, and the way back.
    void filterNote()
    {
        auto *filter = edit("filter");
        QVERIFY(!m_window->findChild<QLabel *>(u"filter-found"_s)->isVisible());
        filter->setText(u"net.a.*"_s);
        QCOMPARE(label("filter-found"), u"3 of 7 layers"_s);
        QVERIFY(!m_window->findChild<QLabel *>(u"filter-wrong"_s)->isVisible());
        filter->setText(u"net.a.* bitz<8"_s);
        QCOMPARE(label("filter-found"), u"without it 3 of 7 layers"_s);
        QVERIFY(label("filter-wrong").startsWith(u"■ no column “bitz” (there are name, kind, "_s));
        QVERIFY(m_window->findChild<QLabel *>(u"filter-wrong"_s)->isVisible());
        QCOMPARE(rows().size(), 3);
        filter->setText(u"bitz<8"_s);
        QCOMPARE(label("filter-found"), QString());
        QCOMPARE(rows().size(), 7);
        button("filter-show-all")->click();
        QCOMPARE(filter->text(), QString());
        QCOMPARE(rows().size(), 7);
        QVERIFY(!m_window->findChild<QLabel *>(u"filter-found"_s)->isVisible());
    }

    /// What the list offers where it is clicked with the right button: of a branch, and of the head.
    void menus()
    {
        const auto offered = [&](const QWidget *on, const QPoint &at) {
            QStringList out;
            QMetaObject::invokeMethod(
                const_cast<QWidget *>(on), "customContextMenuRequested", Q_ARG(QPoint, at)); // as a right click does
            auto *menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
            for (const QAction *one : menu ? menu->actions() : QList<QAction *>())
                out << (one->isSeparator()    ? u"-"_s
                        : !one->isCheckable() ? one->text()
                                              : one->text() + (one->isChecked() ? u": on"_s : u": off"_s));
            if (menu)
                menu->close();
            return out.join(u" | "_s);
        };
        const QWidget *header = table()->horizontalHeader();
        QCOMPARE(offered(header, {5, 5}), u"As a &tree: off"_s);
        list()->showTree(true);
        QCOMPARE(offered(header, {5, 5}), u"As a &tree: on | &Unfold all | F&old all"_s);
        QCOMPARE(offered(table(), table()->visualRect(table()->model()->index(1, 0)).center()),
            u"&Filter by net.a.* | &Copy net.a.* | - | As a &tree: on | &Unfold all | F&old all"_s);
    }

    /// What is chosen in the list folds nothing out; what is chosen elsewhere is shown.
    void oneLayerInAFoldedBranch()
    {
        list()->showTree(true);
        m_window->findChild<QLineEdit *>(u"filter"_s)->setText(u"net.a.conv2"_s);
        const QStringList found{u"net"_s, u"a"_s, u"conv2"_s};
        QTRY_COMPARE(rows(), found);
        fold(1);
        QCOMPARE(rows(), found.mid(0, 2));
        click(1);
        QCOMPARE(session().selectedLayers(), QStringList{u"net.a.conv2"_s});
        QCOMPARE(rows(), found.mid(0, 2));
        session().selectLayers({u"tail"_s});
        session().selectLayers({u"net.a.conv2"_s});
        QCOMPARE(rows(), found);
    }

    /// A branch, chosen and given four bits, is one entry; undone, it is none.
    void oneEntryForABranch()
    {
        list()->showTree(true);
        click(1);
        std::vector<SlotChoice> choices;
        for (const QString &layer : session().selectedLayers())
            if (session().network()->layer(layer.toStdString())->slot(Slot::Weight))
                choices.push_back({layer.toStdString(), Slot::Weight, {}, {{"bit_width", "4"}}});
        QCOMPARE(choices.size(), std::size_t{2});
        session().applyChoices(choices, u"four bits"_s);
        QVERIFY(QTest::qWaitFor([&] { return bits("net.a.conv1") == 4; }));
        QCOMPARE(bits("net.a.conv2"), 4);
        QCOMPARE(bits("net.b.conv1"), 8);
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QCOMPARE(read(m_recipe),
            QByteArray(
                "brevitas = \"0.10.2\"\n\n[[quantizer]]\nmatch = \"net.a.*\"\nslot = \"weight\"\nbit_width = 4\n"));
        session().undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return bits("net.a.conv1") == 8; }));
    }

private:
    LayersPanel *list() { return m_window->layers(); }
    QTableView *table() { return list()->table(); }
    static QStringList asTree()
    {
        return {u"net"_s, u"a"_s, u"conv1"_s, u"conv2"_s, u"act"_s, u"b"_s, u"conv1"_s, u"act"_s, u"head"_s, u"tail"_s};
    }
    QString labelAt(int row) { return table()->model()->index(row, 0).data(LayerProxy::LabelRole).toString(); }
    QStringList rows()
    {
        QStringList labels;
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            labels << labelAt(row);
        return labels;
    }
    QStringList selectedRows()
    {
        QStringList labels;
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            if (table()->selectionModel()->isRowSelected(row))
                labels << labelAt(row);
        return labels;
    }
    void click(int row, Qt::KeyboardModifiers keys = {})
    {
        const QRect cell = table()->visualRect(table()->model()->index(row, 0));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, keys, cell.center() + QPoint(cell.width() / 4, 0));
    }
    void fold(int row)
    {
        const QModelIndex index = table()->model()->index(row, 0);
        QTest::mouseClick(
            table()->viewport(), Qt::LeftButton, {}, foldMark(table()->visualRect(index), index).center());
    }
};

QTEST_MAIN(LayerListTest)
#include "tst_layer_list.moc"
