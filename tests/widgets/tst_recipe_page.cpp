#include "charts/bar_data.h"
#include "dialects/brevitas/recipe_edits.h"
#include "pages/parts/override_menu.h"
#include "pages/recipe/recipe_page.h"
#include "session/recipe_python.h"
#include "support.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

int bitsOf(const Session &session, const char *layer)
{
    return session.network()->layer(layer)->slot("weight")->quantizer->bitWidth.value_or(0);
}

} // namespace

/// The recipe as a table that is edited: keywords for many quantizers at once, undone as one.
class RecipePageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    /// Lists hold what every selected slot takes, with the words that a keyword takes.
    void keywordsOfWhatIsSelected()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        RecipePage page(session);
        page.show();
        QVERIFY(QTest::qWaitFor([&] { return page.table()->model()->rowCount() == 12; }));
        auto *keyword = page.findChild<QComboBox *>(u"keyword"_s);
        auto *value = page.findChild<QLineEdit *>(u"keyword-value"_s);
        const auto offered = [&](const QString &slot) {
            for (int row = 0; row < 12; ++row)
                if (page.table()->model()->index(row, 1).data() == slot)
                    page.table()->selectRow(row);
            QStringList names;
            for (const char *name : {"bit_width", "accumulator_bit_width", "requires_input_scale", "min_val"})
                if (keyword->findText(QLatin1String(name)) >= 0)
                    names << QLatin1String(name);
            return names;
        };
        QCOMPARE(offered(u"weight"_s), (QStringList{u"bit_width"_s, u"accumulator_bit_width"_s}));
        QCOMPARE(offered(u"bias"_s), (QStringList{u"bit_width"_s, u"requires_input_scale"_s}));
        QCOMPARE(offered(u"act"_s), (QStringList{u"bit_width"_s, u"min_val"_s}));
        page.table()->selectAll();
        QCOMPARE(keyword->findText(u"accumulator_bit_width"_s), -1);
        for (const auto &[name, words] :
            {std::pair{u"narrow_range"_s, u"true, false"_s},
                {u"restrict_scaling_type"_s, u"fp, log_fp, power_of_two"_s}, {u"bit_width"_s, u"value, such as 4"_s}}) {
            keyword->setCurrentText(name);
            QCOMPARE(value->placeholderText(), words);
        }
        keyword->setCurrentText(u"bit_widht"_s);
        value->setText(u"4"_s);
        page.findChild<QPushButton *>(u"set-keyword"_s)->click();
        QCOMPARE(page.findChild<QLabel *>(u"keyword-error"_s)->text(), u"■ Brevitas has no keyword “bit_widht”"_s);
        keyword->setCurrentText(u"bit_width"_s);
        value->setText(u"0"_s);
        page.findChild<QPushButton *>(u"set-keyword"_s)->click();
        QCOMPARE(page.findChild<QLabel *>(u"keyword-error"_s)->text(),
            u"■ bit_width = 0 is not a whole number from 1 to 32"_s);
        QVERIFY(!session.undoStack().canUndo());
    }

    /// A field is said otherwise on its card, and what was said of this quantizer alone is taken back there.
    void fieldsOnTheCard()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        const auto slot = [&] { return slotRef(session.network(), "conv1", Slot::Weight); };
        const auto pick = [&](const QString &field, const QString &text) {
            QMenu *menu = overrideMenu(session, *slot().layer, *slot().slot, nullptr);
            QStringList texts;
            for (QAction *action : menu->actions()) {
                const auto entries = action->menu() ? action->menu()->actions() : QList<QAction *>{action};
                for (QAction *entry : entries)
                    if ((field.isEmpty() || action->text() == field) && entry->text() == text) {
                        entry->trigger();
                        delete menu;
                        return true;
                    }
            }
            delete menu;
            return false;
        };
        const auto bits = [&] { return slot().slot->quantizer->bitWidth.value_or(0); };
        QCOMPARE(bits(), 8);
        QVERIFY(!pick({}, u"Remove bit_width = 5"_s));
        QVERIFY(!pick(u"requires_input_scale"_s, u"true"_s)); // a bias takes it
        QVERIFY(pick(u"bit_width"_s, u"5"_s));
        QTRY_COMPARE(bits(), 5);
        QCOMPARE(session.undoStack().undoText(), u"conv1 weight: bit_width = 5"_s);
        QVERIFY(pick(u"narrow_range"_s, u"false"_s));
        QTRY_COMPARE(slot().slot->quantizer->narrow, std::optional(false));
        QVERIFY(pick({}, u"Remove bit_width = 5"_s));
        QTRY_COMPARE(bits(), 8);
        QCOMPARE(slot().slot->quantizer->narrow, std::optional(false));
        QVERIFY(pick({}, u"Remove narrow_range = false"_s));
        QTRY_COMPARE(slot().slot->quantizer->narrow, std::optional(true));
        QVERIFY(!session.recipeEdited()); // the recipe says again what it said
        session.undoStack().undo();
        QTRY_COMPARE(slot().slot->quantizer->narrow, std::optional(false));
    }

    /// A file's name is a text of Python, whatever is in it.
    void pythonOfAnyName()
    {
        const QString written = recipePython(u"/a/b/we\"ird\\ n\u202e\nme.pt"_s).trimmed().section(u'\n', -2);
        QCOMPARE(written, u"model.eval()\nwrite(model, \"we\\\"ird\\\\ n\\u202e\\u000ame.recipe.toml\")"_s);
        QVERIFY(recipePython(u"/a/größe.pt"_s).contains(u"write(model, \"größe.recipe.toml\")"));
    }

    void aKeywordForTwoLayersIsOneEdit()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        RecipePage page(session);
        page.resize(900, 700);
        page.show();
        QVERIFY(QTest::qWaitFor([&] { return page.table()->model()->rowCount() == 12; }));
        page.table()->clearSelection();
        for (int row = 0; row < 12; ++row) {
            const QString layer = page.table()->model()->index(row, 0).data().toString(),
                          slot = page.table()->model()->index(row, 1).data().toString();
            if (slot == u"weight" && (layer == u"conv1" || layer == u"fc2"))
                page.table()->selectionModel()->select(
                    page.table()->model()->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
        }
        auto *keyword = page.findChild<QComboBox *>(u"keyword"_s);
        auto *value = page.findChild<QLineEdit *>(u"keyword-value"_s);
        auto *set = page.findChild<QPushButton *>(u"set-keyword"_s);
        QVERIFY(set->isEnabled());
        keyword->setCurrentText(u"bit_width"_s);
        value->setText(u"99"_s);
        set->click();
        auto *error = page.findChild<QLabel *>(u"keyword-error"_s);
        QVERIFY2(error->text().contains(u"from 1 to 32"), qPrintable(error->text()));
        QCOMPARE(session.undoStack().count(), 0); // nothing was changed
        value->setText(u"5"_s);
        set->click();
        QVERIFY(QTest::qWaitFor([&] { return bitsOf(session, "conv1") == 5 && bitsOf(session, "fc2") == 5; }));
        QCOMPARE(bitsOf(session, "conv2"), 6);
        QCOMPARE(session.undoStack().count(), 1);
        // conv1's preset and its bias' input stay: only the keyword was added.
        QCOMPARE(
            session.network()->layer("conv1")->slot("weight")->preset, std::string("Int8WeightPerTensorFixedPoint"));
        QVERIFY(session.network()->layer("conv1")->slot("bias")->quantizer->scale.has_value());
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return bitsOf(session, "conv1") == 8 && bitsOf(session, "fc2") == 8; }));
    }

    /// A slot that nothing quantizes gets no quantizer by a keyword: it is left out, and named.
    void aKeywordLeavesOutWhatNothingQuantizes()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.applyChoices({{"relu1", Slot::Act, "None", {}}, {"fc2", Slot::Bias, "None", {}}}, u"none"_s);
        QTRY_VERIFY(session.network()->layer("relu1") && !session.network()->layer("relu1")->slot("act")->quantizer);
        QTRY_VERIFY(session.statistics().idle());
        RecipePage page(session);
        page.resize(900, 700);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        page.table()->clearSelection();
        const auto choose = [&](const QString &layer, const QString &slot) {
            page.table()->selectionModel()->select(page.table()->model()->index(rowOf(page, layer, slot), 0),
                QItemSelectionModel::Select | QItemSelectionModel::Rows);
        };
        choose(u"relu1"_s, u"act"_s);
        auto *set = page.findChild<QPushButton *>(u"set-keyword"_s);
        page.findChild<QComboBox *>(u"keyword"_s)->setCurrentText(u"bit_width"_s);
        QVERIFY(!set->isEnabled());
        choose(u"fc2"_s, u"bias"_s);
        choose(u"conv1"_s, u"weight"_s);
        QCOMPARE(set->text(), u"Set"_s);
        choose(u"relu2"_s, u"act"_s);
        QCOMPARE(set->text(), u"Set for 2"_s);
        page.findChild<QLineEdit *>(u"keyword-value"_s)->setText(u"5"_s);
        set->click();
        QTRY_COMPARE(bitsOf(session, "conv1"), 5);
        QCOMPARE(session.network()->layer("relu2")->slot("act")->quantizer->bitWidth, 5);
        QVERIFY(!session.network()->layer("relu1")->slot("act")->quantizer);
        QVERIFY(!session.network()->layer("fc2")->slot("bias")->quantizer);
        auto *leftOut = page.findChild<QLabel *>(u"keyword-left-out"_s);
        QVERIFY(leftOut->isVisible());
        QCOMPARE(leftOut->text(), u"left out, since nothing quantizes them: relu1 act, fc2 bias"_s);
        QCOMPARE(session.undoStack().undoText(), u"bit_width = 5 for 2 quantizers"_s);
    }

    /// The rows are those of the selected layers, by name: not by number, which a reload makes anew.
    void rowsFollowTheLayers()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"conv2"_s});
        RecipePage page(session);
        page.show();
        QTRY_COMPARE(selected(page), QStringList{u"conv2 weight"_s});
        session.selectLayers({u"fc1"_s, u"conv1"_s});
        QTRY_COMPARE(selected(page), (QStringList{u"conv1 weight"_s, u"fc1 weight"_s}));
        page.table()->selectRow(rowOf(page, u"fc2"_s, u"bias"_s));
        QCOMPARE(selected(page), QStringList{u"fc2 bias"_s});
        session.reload();
        QVERIFY(QTest::qWaitFor(
            [&] { return session.state() == Session::State::Ready && session.statistics().idle(); }, 20000));
        QTRY_COMPARE(selected(page), QStringList{u"fc2 bias"_s});
        QCOMPARE(page.table()->currentIndex().row(), rowOf(page, u"fc2"_s, u"bias"_s));
    }

    /// A preset of weights does nothing to the activations that are selected too: the menu says so.
    void menuSaysForHowMany_data()
    {
        QTest::addColumn<QStringList>("others");
        QTest::addColumn<QString>("scope");
        QTest::newRow("alone") << QStringList{} << u""_s;
        QTest::newRow("two weights") << QStringList{u"conv1 weight"_s} << u""_s;
        QTest::newRow("weight and activations")
            << QStringList{u"relu1 act"_s, u"relu2 act"_s} << u"for 1 of 3: the others are act"_s;
        QTest::newRow("two weights and a bias")
            << QStringList{u"conv1 weight"_s, u"fc2 bias"_s} << u"for 2 of 3: the others are bias"_s;
    }
    void menuSaysForHowMany()
    {
        QFETCH(QStringList, others);
        QFETCH(QString, scope);
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        RecipePage page(session);
        page.show();
        QVERIFY(QTest::qWaitFor([&] { return page.table()->model()->rowCount() == 12; }));
        page.table()->selectRow(rowOf(page, u"conv2"_s, u"weight"_s));
        for (const QString &other : others) {
            const int row = rowOf(page, other.section(u' ', 0, 0), other.section(u' ', 1));
            QVERIFY2(row >= 0, qPrintable(other));
            page.table()->selectionModel()->select(
                page.table()->model()->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
        }
        const std::unique_ptr<QMenu> menu(page.presets());
        QVERIFY(menu);
        const QAction *first = menu->actions().constFirst();
        QCOMPARE(first->isSeparator() || first->isEnabled() ? QString() : first->text(), scope);
    }

    /// What Ctrl+Z would take back, in words.
    void undoTexts()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("batch_norm/unmerged.pt")));
        const auto done = [&](auto edit) {
            const auto before = session.network();
            edit();
            const bool changed = QTest::qWaitFor([&] { return session.network() != before; }, 20000);
            return changed ? session.undoStack().undoText() : u"nothing"_s;
        };
        const auto merge = [&](const QStringList &layers, bool merged) {
            return done([&] { session.setBatchNormsMerged(layers, merged); });
        };
        QCOMPARE(merge({u"conv"_s}, true), u"merge the batch norm of conv"_s);
        QCOMPARE(session.network()->layer("conv")->batchNorm, std::string("bn1"));
        QVERIFY(session.network()->layer("conv")->batchNormMerged);
        QCOMPARE(merge({u"conv"_s}, false), u"stored weights of conv"_s);
        QVERIFY(!session.network()->layer("conv")->batchNormMerged);
        QCOMPARE(merge({u"conv"_s, u"fc"_s}, true), u"merge the batch norm of 2 layers"_s);
        QCOMPARE(done([&] { session.confirmLayers({u"conv"_s}); }), u"confirm conv"_s);
        QCOMPARE(done([&] { session.confirmLayers({u"up"_s, u"fc"_s}); }), u"confirm 2 layers"_s);
    }

    void logarithmsOfCounts()
    {
        BarData data;
        data.sets.push_back({u"values"_s, BarRole::Ordinary, {0, 9, 99}});
        QCOMPARE(logCounts(data).sets[0].values, (std::vector<double>{0, 1, 2}));
    }

private:
    static int rowOf(RecipePage &page, const QString &layer, const QString &slot)
    {
        const auto *model = page.table()->model();
        for (int row = 0; row < model->rowCount(); ++row)
            if (model->index(row, 0).data() == layer && model->index(row, 1).data() == slot)
                return row;
        return -1;
    }
    static QStringList selected(RecipePage &page)
    {
        QStringList names;
        for (const QModelIndex &index : page.table()->selectionModel()->selectedRows())
            names << index.data().toString() + u' ' + index.siblingAtColumn(1).data().toString();
        names.sort();
        return names;
    }
};

QTEST_MAIN(RecipePageTest)
#include "tst_recipe_page.moc"
