#include "dialects/brevitas/recipe_edits.h"
#include "look/controls.h"
#include "look/theme.h"
#include "pages/start/start_page.h"
#include "window/recent_menu.h"
#include "window/window_layout.h"
#include "window/work_splitter.h"
#include "window_fixture.h"

#include <QFrame>
#include <QTableWidget>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What the window does with files, edits and long work.
class WindowWaysTest : public QObject, protected test::WindowFixture {
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
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    /// Keys of the page of values reach it from the list too, and no other page.
    void keysOfTheShownPage()
    {
        openModel();
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        auto *list = m_window->findChild<QWidget *>(u"layers"_s);
        const auto press = [&](Qt::Key key, Qt::KeyboardModifiers with = {}) {
            list->setFocus();
            QTest::keyClick(list, key, with);
            return QApplication::focusWidget() == edit("values-find");
        };
        m_window->showPage(PageId::Values);
        QVERIFY(press(Qt::Key_G, Qt::ControlModifier));
        auto *forms = m_window->findChild<Segmented *>(u"values-form"_s);
        const int form = forms->current();
        QVERIFY(!press(Qt::Key_D));
        QCOMPARE(forms->current(), form + 1);
        m_window->showPage(PageId::Overview);
        QVERIFY(!press(Qt::Key_G, Qt::ControlModifier));
        QVERIFY(!press(Qt::Key_D));
        QCOMPARE(forms->current(), form + 1);
    }

    /// Layers, selection and edits of what is open stay when another file turns out to be none.
    void whatIsOpenStays_data()
    {
        QTest::addColumn<QString>("file");
        QTest::newRow("not there") << u"none.pt"_s;
        QTest::newRow("no model") << u"text.onnx"_s;
    }
    void whatIsOpenStays()
    {
        QFETCH(QString, file);
        write(m_folder->filePath(u"text.onnx"_s), "hello");
        openModel();
        session().selectLayers({u"fc1"_s});
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QTRY_COMPARE(bits("fc1"), 5);
        const auto network = session().network();
        QSignalSpy failed(&session(), &Session::failed);
        answer(QMessageBox::Discard); // it would, were there another model
        m_window->open(m_folder->filePath(file));
        QTRY_COMPARE(failed.count(), 1);
        QCOMPARE(session().state(), Session::State::Ready);
        QCOMPARE(session().network(), network);
        QCOMPARE(session().path(), m_model);
        QCOMPARE(session().selectedLayers(), QStringList{u"fc1"_s});
        QVERIFY(label("failure-text").contains(file));
        QVERIFY(m_window->findChild<QFrame *>(u"failure"_s)->isVisible());
        QVERIFY(!button("failure-without")->isVisible());
        session().undoStack().undo();
        QTRY_VERIFY(bits("fc1") != 5);
        QTRY_VERIFY(session().statistics().idle());
    }

    /// A recipe with a mistake is named with its line; the model opens without it, or once it is put right.
    void aRecipeThatDoesNotParse_data()
    {
        QTest::addColumn<QByteArray>("recipe");
        QTest::addColumn<bool>("openBefore");
        QTest::addColumn<QString>("way");
        for (const bool openBefore : {false, true})
            for (const char *way : {"failure-without", "failure-again", "F5"}) {
                QTest::addRow("no TOML, %s%s", way, openBefore ? ", open before" : "")
                    << QByteArray("[[quantizer]]\nmatch = \n") << openBefore << QString::fromLatin1(way);
                QTest::addRow("unknown preset, %s%s", way, openBefore ? ", open before" : "") << QByteArray(
                    "[[quantizer]]\nmatch = \"*\"\npreset = \"Int9\"\n") << openBefore << QString::fromLatin1(way);
            }
    }
    void aRecipeThatDoesNotParse()
    {
        QFETCH(QByteArray, recipe);
        QFETCH(bool, openBefore);
        QFETCH(QString, way);
        if (openBefore)
            openModel();
        write(m_recipe, recipe);
        QSignalSpy failed(&session(), &Session::failed);
        if (openBefore)
            run(u"F5"_s);
        else
            m_window->open(m_model);
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY2(failed[0][0].toString().contains(u"line "), qPrintable(failed[0][0].toString()));
        QCOMPARE(session().failedRecipe(), m_recipe);
        QVERIFY(button("failure-without")->isVisible() && button("failure-again")->isVisible());
        if (way == u"failure-without") {
            button("failure-without")->click();
        } else {
            write(m_recipe,
                "[[quantizer]]\nmatch = \"fc1\"\nslot = \"weight\"\npreset = "
                "\"Int8WeightPerTensorFixedPoint\"\nbit_width = 3\n");
            if (way == u"F5")
                run(way);
            else
                button("failure-again")->click();
        }
        QTRY_COMPARE(session().state(), Session::State::Ready);
        QTRY_VERIFY(!m_window->findChild<QFrame *>(u"failure"_s)->isVisible());
        QCOMPARE(session().path(), m_model);
        QTRY_COMPARE(session().recipePath(), way == u"failure-without" ? QString() : m_recipe);
        QTRY_COMPARE(bits("fc1"), way == u"failure-without" ? 8 : 3);
    }

    /// Ctrl+S writes to the recipe's file at once; what was edited before can still be undone, and saved again.
    void savingKeepsTheHistory()
    {
        const QByteArray own = "# mine\n\n[[quantizer]]\nmatch = \"fc1\"\nslot = \"weight\"\npreset = "
                               "\"Int8WeightPerTensorFixedPoint\" # as trained\nbit_width = 4\n";
        write(m_recipe, own);
        openModel();
        QCOMPARE(bits("fc1"), 4);
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QTRY_COMPARE(bits("fc1"), 5);
        run(u"Ctrl+S"_s);
        QCOMPARE(read(m_recipe), QByteArray(own).replace("bit_width = 4", "bit_width = 5"));
        QVERIFY(!session().recipeEdited());
        QCOMPARE(session().state(), Session::State::Ready);
        QVERIFY(!session().network()->recipe.quantizers.front().edited); // as if it had been read
        session().undoStack().undo();
        QTRY_COMPARE(bits("fc1"), 4);
        QVERIFY(session().recipeEdited());
        run(u"Ctrl+S"_s);
        QCOMPARE(read(m_recipe), own);
        QVERIFY(!session().recipeEdited());
        session().undoStack().redo();
        QTRY_COMPARE(bits("fc1"), 5);
        session().applyChoices({{"fc2", Slot::Weight, {}, {{"bit_width", "3"}}}}, u"three bits"_s);
        QTRY_COMPARE(bits("fc2"), 3);
        run(u"Ctrl+S"_s);
        QVERIFY(read(m_recipe).startsWith(QByteArray(own).replace("bit_width = 4", "bit_width = 5")));
        QVERIFY(!session().changedOnDisk() && !session().recipeOverwritten());
        Session again;
        QVERIFY(test::openAndWait(again, str(m_model)));
        QCOMPARE(again.network()->layer("fc2")->slot("weight")->quantizer->bitWidth, std::optional(3));
    }

    /// A first recipe is the one beside the model from then on.
    void theFirstSaving()
    {
        openModel();
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QTRY_COMPARE(bits("fc1"), 5);
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QCOMPARE(session().recipePath(), m_recipe);
        QCOMPARE(session().recipeChoice(), Session::RecipeChoice::Beside);
        QVERIFY(!session().recipeEdited() && session().undoStack().canUndo());
        session().undoStack().undo();
        QTRY_VERIFY(bits("fc1") == 8 && session().recipeEdited());
        QCOMPARE(session().recipePath(), m_recipe);
    }

    /// Theme and page carry a mark; undo says what it would take back.
    void menusTellWhatIs()
    {
        QVERIFY(!action(u"Undo"_s)->isEnabled());
        openModel();
        run(u"Ctrl+3"_s);
        QCOMPARE(checked(u"&View"_s), (QStringList{u"Values"_s, u"Light"_s}));
        m_window->setTheme(ThemeChoice::Dark);
        action(u"Channels"_s)->trigger();
        action(u"Channels"_s)->trigger(); // once more does not take the mark away
        QCOMPARE(checked(u"&View"_s), (QStringList{u"Channels"_s, u"Dark"_s}));
        m_window->setTheme(ThemeChoice::Light);
        QVERIFY(!action(u"Undo"_s)->isEnabled() && !action(u"Redo"_s)->isEnabled());
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five & a half bits"_s);
        QCOMPARE(action(u"Undo"_s)->text(), u"&Undo: five && a half bits"_s);
        QVERIFY(action(u"Undo"_s)->isEnabled());
        session().undoStack().undo();
        QCOMPARE(action(u"Undo"_s)->text(), u"&Undo"_s);
        QCOMPARE(action(u"Redo"_s)->text(), u"&Redo: five && a half bits"_s);
        QTRY_COMPARE(session().state(), Session::State::Ready);
    }

    void recentFilesInTheMenu()
    {
        QMenu menu;
        fillRecentMenu(menu, *m_window);
        QCOMPARE(menu.actions().size(), 1);
        QVERIFY(!menu.actions().front()->isEnabled());
        openModel();
        session().close();
        fillRecentMenu(menu, *m_window);
        QCOMPARE(menu.actions().front()->text(), u"m.pt"_s);
        menu.actions().front()->trigger();
        QTRY_COMPARE(session().state(), Session::State::Ready);
    }

    /// Arrows go where they point to: two samples a row, the recent files below.
    void arrowsOfTheStartPage()
    {
        openModel();
        session().close();
        QApplication::setActiveWindow(m_window.get());
        auto *page = m_window->startPage();
        auto *recent = page->findChild<QTableWidget *>(u"recent"_s);
        QTRY_COMPARE(recent->rowCount(), 1);
        const auto press = [&](int key) {
            QTest::keyClick(m_window->focusWidget(), static_cast<Qt::Key>(key));
            const auto *shown = qobject_cast<QPushButton *>(m_window->focusWidget());
            return shown ? shown->text() : m_window->focusWidget()->objectName();
        };
        for (auto *shown : page->findChildren<QPushButton *>())
            if (shown->text() == u"digits_fixed.pt")
                shown->setFocus();
        QCOMPARE(press(Qt::Key_Right), u"digits_float.pt"_s);
        QCOMPARE(press(Qt::Key_Down), u"digits_float_qonnx.onnx"_s);
        QCOMPARE(press(Qt::Key_Left), u"digits_fixed_qonnx.onnx"_s);
        QCOMPARE(press(Qt::Key_Down), u"digits_fixed_qcdq.onnx"_s);
        QCOMPARE(press(Qt::Key_Down), u"recent"_s);
        QCOMPARE(press(Qt::Key_Up), u"digits_fixed_qcdq.onnx"_s);
        QCOMPARE(press(Qt::Key_Up), u"digits_fixed_qonnx.onnx"_s);
    }

    /// What is not saved may go with the window: the list of files does not promise it.
    void recentFilesTellWhatIsSaved()
    {
        openModel();
        const auto state = [] { return Settings::recentFiles().at(0).state; };
        QCOMPARE(state(), u"no recipe: preset assumed"_s);
        session().confirmLayers(layerNames(*session().network()));
        QTRY_VERIFY(
            session().recipeEdited() && session().state() == Session::State::Ready && !session().recipeAssumed());
        QCOMPARE(state(), u"no recipe: preset assumed"_s);
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QTRY_COMPARE(state(), u"recipe beside it"_s);
    }

    void clearAsks()
    {
        openModel();
        session().close();
        QPushButton *clear = nullptr;
        for (auto *shown : m_window->startPage()->findChildren<QPushButton *>())
            if (shown->text() == u"Clear")
                clear = shown;
        answer(QMessageBox::Cancel);
        clear->click();
        QCOMPARE(Settings::recentFiles().size(), std::size_t(1));
        answer(QMessageBox::Yes);
        clear->click();
        QVERIFY(Settings::recentFiles().empty());
    }

    void theFirstWindowFits()
    {
        QCOMPARE(firstSize({1920, 1080}), QSize(1440, 900));
        QCOMPARE(firstSize({960, 540}), QSize(960, 508)); // of 1920 x 1080 at 200 %
        QCOMPARE(firstSize({1366, 768}), QSize(1366, 736));
    }

    /// What a person drew to its place keeps its share in a window of another size.
    void partsKeepTheirShare()
    {
        QWidget window;
        auto *split = new WorkSplitter(&window);
        split->addWidget(new QWidget);
        split->addWidget(new QWidget);
        window.resize(2000, 600);
        split->resize(2000, 600);
        window.show();
        split->setShare(0.5);
        QVERIFY(std::abs(split->sizes()[0] - 1000) < 4);
        split->resize(1700, 600);
        QVERIFY(std::abs(split->sizes()[0] - 850) < 4);
        split->resize(1200, 600); // too narrow for both halves: the pages stay whole
        QCOMPARE(split->sizes()[0], usualLeft(1200));
        split->resize(2000, 600);
        QVERIFY(std::abs(split->sizes()[0] - 1000) < 4);
    }

    /// The cards lie side by side where there is room, also when the window grew while another page was shown.
    void theOverviewFollowsTheWindow()
    {
        m_window->resize(1000, 700);
        openModel();
        session().selectLayers({u"conv2"_s});
        run(u"Ctrl+1"_s);
        QTRY_VERIFY(card("weight")->isVisible());
        QVERIFY(card("weight")->x() == card("bias")->x());
        run(u"Ctrl+2"_s);
        m_window->resize(1500, 900);
        QCoreApplication::processEvents();
        run(u"Ctrl+1"_s);
        QTRY_VERIFY(card("weight")->y() == card("bias")->y());
        m_window->resize(1000, 700);
        QTRY_VERIFY(card("weight")->x() == card("bias")->x());
    }

    /// The list of families stays open while it is ticked, by mouse and by keys.
    void familiesStayOpen()
    {
        openModel();
        run(u"Ctrl+5"_s);
        m_window->pages()->page(PageId::Compare)->showPart(1);
        QMenu *menu = nullptr;
        for (const auto *found : m_window->findChildren<QPushButton *>())
            if (found->text() == u"Families")
                menu = found->menu();
        QVERIFY(menu);
        menu->popup(m_window->mapToGlobal(QPoint(20, 20)));
        const auto ticked = [&](int at) { return menu->actions().at(at)->isChecked(); };
        const bool first = ticked(0), second = ticked(1);
        menu->setActiveAction(menu->actions().at(0));
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(menu->actions().at(0)).center());
        QVERIFY(menu->isVisible());
        QCOMPARE(ticked(0), !first);
        QCOMPARE(ticked(1), second);
        menu->setActiveAction(menu->actions().at(1));
        QTest::keyClick(menu, Qt::Key_Space);
        QVERIFY(menu->isVisible());
        QCOMPARE(ticked(1), !second);
        QTest::keyClick(menu, Qt::Key_Escape);
        QVERIFY(!menu->isVisible());
    }

    /// An edit that was being computed when another file was opened, which came to nothing, and one that Escape met:
    /// what is shown is what the recipe says.
    void editsAreComputedToTheirEnd()
    {
        openModel();
        const int before = bits("conv2");
        session().applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "3"}}}}, u"three"_s);
        session().cancel();
        QTRY_COMPARE(bits("conv2"), 3);
        session().applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five"_s);
        session().setDiscardGuard([] { return true; });
        session().open(m_folder->filePath(u"none.pt"_s));
        QTRY_COMPARE(bits("conv2"), 5);
        session().undoStack().undo();
        session().undoStack().undo();
        QTRY_COMPARE(bits("conv2"), before);
    }
};

QTEST_MAIN(WindowWaysTest)
#include "tst_window_ways.moc"
