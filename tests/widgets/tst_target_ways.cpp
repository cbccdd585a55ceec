#include "items/problem_place.h"
#include "look/theme.h"
#include "panels/problems_panel.h"
#include "window_fixture.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Ways from what a target says: to places, through many rows, and into recipes of what is muted.
class TargetWaysTest : public QObject, protected test::WindowFixture {
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

    /// Channels without a code but zero are those that the sentence names.
    void deadChannelsAreSelected()
    {
        m_model = QString::fromStdString(test::sample("digits_fixed.pt"));
        openModel();
        session().applyChoices({{"conv2", Slot::Weight, "ap_fixed<4,2>", {}}}, u"edit"_s);
        const auto dead = [this]() -> const Finding * {
            const auto checked = session().target().checked();
            if (!checked || checked->network != session().network())
                return nullptr;
            const auto found = std::ranges::find(checked->result.findings, "dead-channel", &Finding::rule);
            return found == checked->result.findings.end() ? nullptr : &*found;
        };
        QTRY_VERIFY(dead());
        QCOMPARE(QString::fromStdString(dead()->text),
            u"conv2 weight: 3 of 32 output channels have no code but zero: 16, 26, 28"_s);
        session().selectLayers({u"fc1"_s});
        Q_EMIT m_window->problems()->activated(placeOf(*session().network(), *dead(), true));
        QCOMPARE(m_window->pages()->current(), PageId::Channels);
        QCOMPARE(session().currentLayer()->name, std::string("conv2"));
        auto *channels = m_window->findChild<QTableView *>(u"channels"_s);
        QStringList selected;
        for (const QModelIndex &row : channels->selectionModel()->selectedRows())
            selected << row.data().toString();
        QCOMPARE(selected, (QStringList{u"16"_s, u"26"_s, u"28"_s}));
        QCOMPARE(channels->currentIndex().data().toString(), u"16"_s);
        QVERIFY(channels->viewport()->rect().intersects(channels->visualRect(channels->currentIndex())));
    }

    /// A double click goes to what a problem speaks of; a group folds with a click and with keys.
    void waysFromARow()
    {
        openSample();
        choose(u"DPU"_s);
        QTRY_VERIFY(session().target().checked() != nullptr);
        QTableView *table = m_window->problems()->table();
        ProblemModel *model = m_window->problems()->model();
        Q_EMIT table->activated(model->index(3, 0)); // conv2's bias
        QCOMPARE(session().selectedLayers(), QStringList{u"conv2"_s});
        QCOMPARE(session().currentSlot().slot->slot, Slot::Bias);
        QCOMPARE(m_window->pages()->current(), PageId::Recipe);
        session().selectLayers({u"fc1"_s});
        table->selectRow(2); // conv2's weight
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(session().selectedLayers(), QStringList{u"conv2"_s});
        QCOMPARE(session().currentSlot().slot->slot, Slot::Weight);
        table->selectRow(0);
        QTest::keyClick(table, Qt::Key_Left);
        QCOMPARE(model->index(1, 2).data().toString(), u"3 × signedness"_s);
        QCOMPARE(table->currentIndex().row(), 0);
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(model->index(1, 1).data().toString(), u"conv1"_s);
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(model->index(0, 2)).center());
        QTest::qWait(QApplication::doubleClickInterval() + 50);
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(model->index(0, 2)).center());
        QCOMPARE(model->isFolded(0), true);
    }

    /// Where somebody is, while the file is read again and another layer changes.
    void theRowStays()
    {
        openSample();
        choose(u"DPU"_s);
        const auto isChecked = [this] {
            const auto checked = session().target().checked();
            return session().state() == Session::State::Ready && checked && checked->network == session().network();
        };
        QTRY_VERIFY(isChecked());
        QTableView *table = m_window->problems()->table();
        table->selectRow(2);
        const auto at = [table] {
            QStringList cells;
            for (int column = 0; table->currentIndex().isValid() && column < table->model()->columnCount(); ++column)
                cells << table->currentIndex().siblingAtColumn(column).data().toString();
            return cells;
        };
        const QStringList before = at();
        QVERIFY(before.contains(u"conv2"_s));
        session().reload();
        QVERIFY(!isChecked());
        QTRY_VERIFY(isChecked());
        QCOMPARE(at(), before);
        const auto network = session().network();
        session().applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "3"}}}}, u"three bits"_s);
        QTRY_VERIFY(session().network() != network && isChecked());
        QCOMPARE(at(), before);
    }

    /// By keys the menu is that of the current row.
    void menuByKeys()
    {
        openSample();
        choose(u"DPU"_s);
        QTRY_VERIFY(session().target().checked() != nullptr);
        QTableView *table = m_window->problems()->table();
        table->selectRow(2); // conv2's weight
        QContextMenuEvent asked(QContextMenuEvent::Keyboard, QPoint(1, 1), table->mapToGlobal(QPoint(1, 1)));
        QApplication::sendEvent(table, &asked);
        auto *menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
        QVERIFY(menu != nullptr);
        QStringList texts;
        for (QAction *action : menu->actions())
            texts << action->text();
        QCOMPARE(texts,
            (QStringList{u"Go there"_s, u"Copy"_s, u"Copy what to do"_s, QString(), u"Mute bit-width of conv2"_s,
                u"Mute bit-width everywhere"_s}));
        menu->actions()[2]->trigger();
        QCOMPARE(QGuiApplication::clipboard()->text(), u"bit_width=8"_s);
        menu->close();
    }

    /// As many rows as there are have one line each; the one that somebody is at has all of its lines.
    void fiftyThousandRows()
    {
        openSample();
        QTRY_VERIFY(session().target().checked() != nullptr);
        auto many = std::make_shared<CheckedNetwork>();
        many->network = session().network();
        for (int i = 0; i < 50'000; ++i)
            many->result.findings.push_back({"bit-width", Severity::Warning, {LayerId(1), Slot::Weight}, {},
                "what is wrong with number " + std::to_string(i), "what to do", "Tool 1.0"});
        QTableView *table = m_window->problems()->table();
        m_window->problems()->model()->setChecked(many);
        QTest::mouseClick(
            table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(0, 2)).center());
        QCOMPARE(table->model()->rowCount(), 50'001);
        const int line = table->verticalHeader()->defaultSectionSize();
        table->selectRow(30'000);
        QCOMPARE(table->rowHeight(29'999), line);
        QVERIFY2(table->rowHeight(30'000) > 3 * line / 2, qPrintable(QString::number(table->rowHeight(30'000))));
        table->selectRow(40'000);
        QCOMPARE(table->rowHeight(30'000), line);
        QVERIFY(table->rowHeight(40'000) > 3 * line / 2);
    }

    /// Rules on data are not looked at without all of it.
    void stopped()
    {
        connect(&session(), &Session::networkChanged, this, [this] {
            if (session().state() == Session::State::Ready)
                session().cancel();
        });
        openSample();
        choose(u"FINN"_s);
        QTRY_COMPARE(label("problems-verdict"), u"FINN: not checked: the statistics were stopped"_s);
        QVERIFY(!session().target().checked());
        session().disconnect(this);
        session().reload();
        QTRY_VERIFY(session().target().checked() != nullptr);
    }

    /// A file that says its quantizers itself has a recipe for what it mutes alone, which is its own.
    void mutingOfAnExport()
    {
        const QString path = m_folder->filePath(u"m.onnx"_s), recipe = path + u".recipe.toml"_s;
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed_qonnx.onnx")), path));
        m_window->open(path);
        QTRY_VERIFY(session().target().checked() != nullptr);
        const std::size_t before = session().target().checked()->result.findings.size();
        session().target().mute("point-outside-word", "fc1");
        QTRY_VERIFY(session().target().checked() && session().target().checked()->muted.size() == 1);
        QCOMPARE(session().target().checked()->result.findings.size(), before - 1);
        QVERIFY(session().recipeEdited());
        QCOMPARE(session().recipeStateText(), u"edited, not saved"_s);
        QCOMPARE(session().saveRecipe(recipe), QString());
        QCOMPARE(read(recipe),
            QByteArray(
                "# Quantizers of m.onnx\n# Everything was read from the QONNX file itself; it needs no recipe.\n\n"
                "[checks]\nmute = [\"point-outside-word:fc1\"]\n"));
        session().reload();
        QTRY_COMPARE(session().state(), Session::State::Ready);
        QTRY_VERIFY(session().target().checked() && session().target().checked()->muted.size() == 1);
        QCOMPARE(session().target().checked()->result.findings.size(), before - 1);
        QVERIFY(!session().recipeEdited());
    }
};

QTEST_MAIN(TargetWaysTest)
#include "tst_target_ways.moc"
