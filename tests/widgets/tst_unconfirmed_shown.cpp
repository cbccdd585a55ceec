#include "dialects/brevitas/recipe_edits.h"
#include "pages/export/export_page.h"
#include "pages/overview/overview_page.h"
#include "pages/recipe/recipe_page.h"
#include "panels/problems_panel.h"
#include "support.h"

#include <QCheckBox>
#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What nobody has confirmed is said in the window until somebody does, and a result stands under what it is of.
class UnconfirmedShownTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        Settings::clearRecent();
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->filePath(u"digits_fixed.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), m_path));
        m_session = std::make_unique<Session>();
        QVERIFY(test::openAndWait(*m_session, str(m_path)));
    }
    void cleanup() { m_session.reset(); }

    void aRowIsConfirmedAndUndone()
    {
        RecipePage page(*m_session);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        QCOMPARE(sources(page).count(u"▲ assumed"_s), 8);
        QCOMPARE(sources(page).count(u"no quantizer"_s), 4); // the biases
        QCOMPARE(text(page, "assumed-note"), u"▲ 8 of 8 quantizers are assumed: nobody has confirmed them"_s);
        page.table()->selectRow(rowOf(page, u"conv1"_s));
        auto *confirm = page.findChild<QPushButton *>(u"confirm-selected"_s);
        QCOMPARE(confirm->text(), u"Confirm 1"_s);
        QVERIFY(confirm->toolTip().contains(u"Ctrl+Return"));
        confirm->click();
        QTRY_COMPARE(text(page, "assumed-note"), u"▲ 7 of 8 quantizers are assumed: nobody has confirmed them"_s);
        QCOMPARE(sources(page).at(rowOf(page, u"conv1"_s)), u"preset"_s);
        QCOMPARE(sources(page).count(u"▲ assumed"_s), 7);
        QCOMPARE(m_session->undoStack().undoText(), u"confirm conv1 weight"_s);
        QVERIFY(m_session->recipeEdited());
        QCOMPARE(m_session->recipeStateText(), u"edited, not saved"_s);
        m_session->undoStack().undo();
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 8);
        QVERIFY(!m_session->recipeEdited());
        m_session->undoStack().redo();
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 7);
    }

    /// A second press of the key must not reach "Confirm all".
    void theKeyboardStaysAtTheTable()
    {
        RecipePage page(*m_session);
        page.show();
        page.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        page.table()->selectRow(rowOf(page, u"conv1"_s));
        auto *confirm = page.findChild<QPushButton *>(u"confirm-selected"_s);
        confirm->setFocus();
        QTest::keyClick(page.focusWidget(), Qt::Key_Space);
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 7);
        QTest::keyClick(page.focusWidget(), Qt::Key_Space);
        QCOMPARE(page.focusWidget(), page.table());
        QCOMPARE(m_session->undoStack().count(), 1);
    }

    /// A narrow table has no room for where a preset comes from: the sign stays.
    void aNarrowTableKeepsTheSign()
    {
        RecipePage page(*m_session);
        page.resize(900, 600);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        const auto shown = [&] {
            return page.table()->model()->index(rowOf(page, u"conv1"_s), QuantizerModel::Preset).data().toString();
        };
        QCOMPARE(shown(), u"Int8WeightPerTensorFloat"_s);
        page.table()->setMaximumWidth(380);
        page.resize(900, 650);
        QCOMPARE(shown(), u"▲ Int8WeightPerTensorFloat"_s);
    }

    /// The folder that is offered is the model's own: another model does not overwrite its files.
    void theOfferedFolderFollowsTheModel()
    {
        ExportPage page(*m_session);
        page.show();
        auto *folder = page.findChild<QLineEdit *>(u"export-folder"_s);
        QTRY_COMPARE(folder->text(), m_folder->filePath(u"digits_fixed_hw"_s));
        QTemporaryDir other;
        const QString path = other.filePath(u"digits_fixed.pt"_s);
        QVERIFY(QFile::copy(m_path, path));
        QVERIFY(test::openAndWait(*m_session, str(path)));
        QTRY_COMPARE(folder->text(), other.filePath(u"digits_fixed_hw"_s));
        folder->setText(other.filePath(u"mine"_s));
        QVERIFY(test::openAndWait(*m_session, str(m_path)));
        QTRY_COMPARE(folder->text(), m_folder->filePath(u"digits_fixed_hw"_s));
        QVERIFY(test::openAndWait(*m_session, str(path)));
        QTRY_COMPARE(folder->text(), other.filePath(u"mine"_s)); // what a person gave is kept for that model
    }

    /// Of a mixed selection only what is assumed counts; all of it is one edit.
    void aSelectionAndAll()
    {
        RecipePage page(*m_session);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        page.table()->selectRow(rowOf(page, u"conv1"_s));
        page.findChild<QPushButton *>(u"confirm-selected"_s)->click();
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 7);
        page.table()->selectAll();
        QCOMPARE(page.findChild<QPushButton *>(u"confirm-selected"_s)->text(), u"Confirm 7"_s);
        QCOMPARE(page.findChild<QPushButton *>(u"confirm-all"_s)->text(), u"Confirm all 7"_s);
        page.findChild<QPushButton *>(u"confirm-all"_s)->click();
        QTRY_VERIFY(!sources(page).contains(u"▲ assumed"_s));
        QTRY_VERIFY(!page.findChild<QPushButton *>(u"confirm-all"_s)->isVisible());
        QCOMPARE(m_session->undoStack().count(), 2);
        QVERIFY(!m_session->recipeAssumed());
        m_session->undoStack().undo();
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 7);
    }

    /// A keyword confirms its own field; saving and opening again keeps that apart.
    void oneFieldAndSaving()
    {
        setBits("4");
        QTRY_COMPARE(bits("conv1"), 4);
        QCOMPARE(originOf("conv1", "bit_width"), Origin::Recipe);
        QCOMPARE(originOf("conv1", "narrow"), Origin::Assumed);
        QVERIFY(m_session->network()->layer("conv1")->slot("weight")->assumed);
        const QString saved = m_folder->filePath(u"digits_fixed.recipe.toml"_s);
        QCOMPARE(m_session->saveRecipe(saved), QString());
        QVERIFY(!m_session->recipeEdited());
        Session again;
        QVERIFY(test::openAndWait(again, str(m_path)));
        QVERIFY(again.recipePath().endsWith(u"digits_fixed.recipe.toml"));
        QCOMPARE(again.recipeStateText(), u"partly assumed"_s);
        RecipePage page(again);
        page.show();
        QTRY_COMPARE(sources(page).count(u"▲ assumed"_s), 8);
        QVERIFY(again.network()->layer("conv1")->slot("weight")->quantizer->origin.at("bit_width").origin
            == Origin::Recipe);
        // Confirmed now, in the file that there is: its other lines stay, and nothing is assumed any more.
        page.findChild<QPushButton *>(u"confirm-all"_s)->click();
        QTRY_VERIFY(!again.recipeAssumed());
        QCOMPARE(again.saveRecipe(saved), QString());
        QFile file(saved);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains("assumed = true"));
        Session last;
        QVERIFY(test::openAndWait(last, str(m_path)));
        QVERIFY(!last.recipeAssumed());
        QCOMPARE(last.recipeStateText(), u"beside it"_s);
    }

    /// Bits that the live model does not have are wrong at their slot; an edit on purpose takes its proof away, and
    /// undo brings it back.
    void proofs()
    {
        const QString recipe = m_folder->filePath(u"digits_fixed.recipe.toml"_s);
        const QByteArray toml = "brevitas = \"0.10.2\"\n\n[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = "
                                "\"Int8WeightPerTensorFixedPoint\"\n\n# what the model computed\n[[proof]]\nlayer = "
                                "\"conv1\"\nslot = \"weight\"\nbit_width = 8\nsigned = true\n\n[[proof]]\nlayer = "
                                "\"fc1\"\nslot = \"weight\"\nbit_width = 4\n\n# the end\n";
        QFile file(recipe);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(toml) == toml.size());
        file.close();
        m_session->reload();
        QVERIFY(QTest::qWaitFor([&] { return m_session->state() == Session::State::Ready; }));
        QCOMPARE(m_session->recipeStateText(), u"■ proof differs"_s);
        RecipePage page(*m_session);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 12);
        QCOMPARE(sources(page).at(rowOf(page, u"fc1"_s)), u"■ proof differs"_s);
        QCOMPARE(sources(page).at(rowOf(page, u"conv1"_s)), u"✓ proof"_s);
        page.table()->selectRow(rowOf(page, u"fc1"_s)); // nobody confirms what the live model contradicts
        QVERIFY(!page.findChild<QPushButton *>(u"confirm-selected"_s)->isEnabled());
        m_session->selectLayers({u"fc1"_s});
        ExportPage exports(*m_session);
        exports.show();
        exports.refreshNow();
        QVERIFY2(text(exports, "export-doubts")
                     .startsWith(u"■ not exported, the proof in the recipe says otherwise: fc1 weight"),
            qPrintable(text(exports, "export-doubts")));
        QVERIFY(!exports.findChild<QPushButton *>(u"export-write"_s)->isEnabled());

        setBits("4"); // of conv1, whose proof says 8
        QTRY_COMPARE(bits("conv1"), 4);
        QCOMPARE(m_session->network()->layer("conv1")->slot("weight")->proof, ProofVerdict::None);
        QCOMPARE(m_session->network()->recipe.proofs.size(), std::size_t(1));
        QCOMPARE(m_session->saveRecipe(recipe), QString());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(),
            QByteArray(toml).replace(
                "[[proof]]\nlayer = \"conv1\"\nslot = \"weight\"\nbit_width = 8\nsigned = true\n", "")
                + "\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 4\n");
        m_session->undoStack().undo();
        QTRY_COMPARE(bits("conv1"), 8);
        QCOMPARE(m_session->network()->layer("conv1")->slot("weight")->proof, ProofVerdict::Confirmed);
        QCOMPARE(m_session->network()->recipe.proofs.size(), std::size_t(2));
    }

    void aReloadForgetsWhatWasNotSaved()
    {
        m_session->confirmLayers({u"conv1"_s, u"conv2"_s});
        QTRY_VERIFY(!m_session->network()->layer("conv2")->slot("weight")->assumed);
        QCOMPARE(m_session->undoStack().undoText(), u"confirm 2 layers"_s);
        m_session->reload();
        QVERIFY(QTest::qWaitFor([&] { return m_session->state() == Session::State::Ready; }));
        QVERIFY(m_session->network()->layer("conv2")->slot("weight")->assumed);
        QCOMPARE(m_session->undoStack().count(), 0);
    }

    void cardsConfirmAndCopyThePython()
    {
        m_session->selectLayers({u"conv1"_s});
        OverviewPage page(*m_session);
        page.show();
        page.refreshNow();
        auto *badge = page.findChild<QLabel *>(u"weight-assumed"_s);
        QVERIFY(badge->isVisible());
        page.findChild<QPushButton *>(u"weight-python"_s)->click();
        const QString copied = QGuiApplication::clipboard()->text();
        QVERIFY(copied.contains(u"\ndef write(model, path, example_input=None):"));
        QVERIFY2(copied.endsWith(u"\nmodel.eval()\nwrite(model, \"digits_fixed.recipe.toml\")\n"),
            qPrintable(copied.right(200)));
        page.findChild<QPushButton *>(u"weight-confirm"_s)->click();
        QTRY_VERIFY(!m_session->network()->layer("conv1")->slot("weight")->assumed);
        page.refreshNow();
        QVERIFY(!badge->isVisible());
        QVERIFY(!page.findChild<QPushButton *>(u"weight-confirm"_s)->isVisible());
    }

    void problemsOfferThePython()
    {
        ProblemsPanel panel(*m_session);
        panel.show();
        auto *python = panel.findChild<QPushButton *>(u"problems-python"_s);
        QVERIFY(python->isVisible());
        QGuiApplication::clipboard()->clear();
        python->click();
        QVERIFY(QGuiApplication::clipboard()->text().endsWith(u"write(model, \"digits_fixed.recipe.toml\")\n"));
        m_session->confirmLayers(layerNames());
        QTRY_VERIFY(!python->isVisible());
    }

    void exportSaysWhatIsAssumed()
    {
        m_session->selectLayers(layerNames());
        ExportPage page(*m_session);
        page.show();
        page.refreshNow();
        QCOMPARE(text(page, "export-doubts"), u"▲ bits of 4 of 4 layers are assumed"_s);
        m_session->confirmLayers({u"conv1"_s});
        QTRY_VERIFY(!m_session->network()->layer("conv1")->slot("weight")->assumed);
        page.refreshNow();
        QCOMPARE(text(page, "export-doubts"), u"▲ bits of 3 of 4 layers are assumed\nrecipe edited, not saved"_s);
        m_session->selectLayers({u"conv1"_s});
        page.refreshNow();
        QCOMPARE(text(page, "export-doubts"), u"recipe edited, not saved"_s);
    }

    /// A result never stands under another model, layout, selection or recipe than its own.
    void aResultBelongsToWhatMadeIt()
    {
        m_session->selectLayers({u"conv1"_s});
        ExportPage page(*m_session);
        page.show();
        page.refreshNow();
        write(page);
        const QString verdict = text(page, "export-result");
        QCOMPARE(verdict, u"written, not verified"_s);
        const QRegularExpression before(u"^written [0-2][0-9]:[0-5][0-9], before the last change$"_s);
        auto *files = page.findChild<QTableWidget *>(u"export-written"_s);
        QVERIFY(!files->isColumnHidden(3));

        page.findChild<QRadioButton *>(u"layout-ohwi"_s)->click();
        QVERIFY2(before.match(text(page, "export-result")).hasMatch(), qPrintable(text(page, "export-result")));
        QVERIFY(files->isColumnHidden(3)); // what was proven
        page.findChild<QRadioButton *>(u"layout-source"_s)->click();
        QCOMPARE(text(page, "export-result"), verdict);

        m_session->selectLayers({u"conv1"_s, u"fc1"_s});
        page.refreshNow();
        QVERIFY(before.match(text(page, "export-result")).hasMatch());
        m_session->selectLayers({u"conv1"_s});
        page.refreshNow();
        QCOMPARE(text(page, "export-result"), verdict);

        setBits("4");
        QTRY_COMPARE(bits("conv1"), 4);
        page.refreshNow();
        QVERIFY(before.match(text(page, "export-result")).hasMatch());
        m_session->undoStack().undo();
        QTRY_COMPARE(bits("conv1"), 8);
        page.refreshNow();
        QCOMPARE(text(page, "export-result"), verdict);

        QVERIFY(test::openAndWait(*m_session, test::sample("digits_float.pt")));
        page.refreshNow();
        const QRegularExpression other(
            u"^digits_fixed.pt: written [0-2][0-9]:[0-5][0-9], before this model was opened$"_s);
        QVERIFY2(other.match(text(page, "export-result")).hasMatch(), qPrintable(text(page, "export-result")));
        QVERIFY(!files->isVisible());
    }

    /// Nor does a failure: it is gone with what it was about.
    void aFailureGoesWithItsCause()
    {
        m_session->selectLayers({u"conv1"_s});
        ExportPage page(*m_session);
        page.show();
        page.refreshNow();
        QFile blocked(m_folder->filePath(u"hw"_s));
        QVERIFY(blocked.open(QIODevice::WriteOnly)); // a file where the folder should be
        write(page);
        QCOMPARE(text(page, "export-result"), u"■ not written"_s);
        page.findChild<QRadioButton *>(u"layout-ohwi"_s)->click();
        QVERIFY(!page.findChild<QLabel *>(u"export-result"_s)->isVisible());
    }

private:
    static QString text(const QWidget &in, const char *objectName)
    {
        const auto *label = in.findChild<QLabel *>(QLatin1String(objectName));
        return label ? label->text() : u"no label "_s + QLatin1String(objectName);
    }
    static QStringList sources(RecipePage &page)
    {
        QStringList out;
        const auto *model = page.table()->model();
        for (int row = 0; row < model->rowCount(); ++row)
            out << model->index(row, QuantizerModel::Source).data().toString();
        return out;
    }
    static int rowOf(RecipePage &page, const QString &layer)
    {
        const auto *model = page.table()->model();
        for (int row = 0; row < model->rowCount(); ++row)
            if (model->index(row, 0).data() == layer)
                return row;
        return -1;
    }
    void setBits(const char *text)
    {
        SlotChoice choice{"conv1", Slot::Weight, {}, {}};
        choice.overrides.emplace_back("bit_width", text);
        m_session->applyChoices({choice}, u"bits"_s);
    }
    int bits(const char *layer) const
    {
        return m_session->network()->layer(layer)->slot("weight")->quantizer->bitWidth.value_or(0);
    }
    Origin originOf(const char *layer, const char *field) const
    {
        return m_session->network()->layer(layer)->slot("weight")->quantizer->origin.at(field).origin;
    }
    QStringList layerNames() const
    {
        QStringList names;
        for (const Layer &layer : m_session->network()->layers)
            names << qs(layer.name);
        return names;
    }
    void write(ExportPage &page) const
    {
        page.findChild<QLineEdit *>(u"export-folder"_s)->setText(m_folder->filePath(u"hw"_s));
        page.findChild<QCheckBox *>(u"export-verify"_s)->setChecked(false);
        page.write();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }, 60000));
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Session> m_session;
    QString m_path;
};

QTEST_MAIN(UnconfirmedShownTest)
#include "tst_unconfirmed_shown.moc"
