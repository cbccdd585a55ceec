#include "dialects/brevitas/recipe_edits.h"
#include "items/facts.h"
#include "items/layer_model.h"
#include "items/problem_model.h"
#include "items/values_model.h"
#include "pages/export/export_doubts.h"
#include "pages/export/export_result.h"
#include "pages/overview/overview_page.h"
#include "pages/recipe/recipe_page.h"
#include "panels/layers_panel.h"
#include "support.h"
#include "support/golden.h"

#include <QLabel>
#include <QScrollBar>
#include <QTableView>
#include <QTextDocument>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }

bool ready(Session &session)
{
    return QTest::qWaitFor([&] { return session.state() == Session::State::Ready && session.statistics().idle(); });
}

} // namespace

/// What public models showed, in the window.
class FieldWindowTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void partsAreChosenAndKept()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(field("ema.pt")), path));
        Session session;
        LayersPanel panel(session);
        const auto *choice = panel.findChild<QComboBox *>(u"part"_s);
        QVERIFY(choice);
        QVERIFY(test::openAndWait(session, str(path)));
        QCOMPARE(session.parts(), (QStringList{u"model"_s, u"ema"_s}));
        QCOMPARE(session.shownPart(), 0);
        QVERIFY(choice->isVisibleTo(&panel));
        QCOMPARE(choice->currentText(), u"model"_s);
        const auto codesOf = [&] { return session.currentSlot().slot->tensorName; };
        QCOMPARE(codesOf(), std::string("model.fc.weight"));
        session.usePart(1);
        QVERIFY(ready(session));
        QCOMPARE(codesOf(), std::string("ema.fc.weight"));
        QCOMPARE(choice->currentText(), u"ema"_s);
        session.reload();
        QVERIFY(ready(session));
        QCOMPARE(codesOf(), std::string("ema.fc.weight"));
        Session another; // opened again, from the recent files for example
        QVERIFY(test::openAndWait(another, str(path)));
        QCOMPARE(another.shownPart(), 1);
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QVERIFY(session.parts().isEmpty());
        QVERIFY(!choice->isVisibleTo(&panel));
    }

    /// Of the DPU's files each layer with weights has its shifts, and no layer of another file has any.
    void shiftsOfTheDpu()
    {
        Session session;
        OverviewPage page(session);
        page.show();
        const auto *text = page.findChild<QLabel *>(u"dpu-shifts-text"_s);
        QVERIFY(text);
        QVERIFY(test::openAndWait(session, test::data("dpu/compiled.xmodel")));
        session.selectLayers({u"conv2"_s});
        QTRY_COMPARE(text->text(), u"DPU: shift_cut 9, of 0 to 16; shift_bias 4, of −7 to 15"_s);
        QVERIFY(text->isVisibleTo(&page));
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QTRY_VERIFY(!text->isVisibleTo(&page));
    }

    /// What quant_info.json says is no recipe: nothing of it is edited, confirmed or taken back.
    void noEditsOfQuantInfo()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("dpu/equalized/chain.pth")));
        const auto before = session.network();
        QVERIFY(!session.presetsApply());
        session.applyChoices({{"fc", Slot::Weight, "Int8WeightPerTensorFloat", {}}}, u"other"_s);
        session.confirmLayers({u"conv1"_s, u"fc"_s});
        session.setBatchNormsMerged({u"conv1"_s}, true);
        session.undoStack().undo();
        QCOMPARE(session.network(), before);
        QVERIFY(!session.recipeEdited());
        QCOMPARE(session.undoStack().count(), 0);
        const SlotFacts facts = slotFacts(*before->layer("conv1")->slot(Slot::Weight));
        QVERIFY2(facts.contradiction.contains(u"these codes do not fit"_s), qPrintable(facts.contradiction));
        ExportDoubts doubts;
        doubts.show(before, {"conv1", "conv3", "fc"}, false);
        QCOMPARE(doubts.text(),
            u"■ not exported, what lies beside the file says otherwise: conv1 weight, conv1 bias, conv3 weight"_s);
        session.reload();
        QVERIFY(ready(session));
        QVERIFY(before->layer("fc")->slot(Slot::Weight)->quantizer
            == session.network()->layer("fc")->slot(Slot::Weight)->quantizer);
    }

    /// What is assumed of the DPU's files no person can confirm: there is no button for it.
    void nothingToConfirmInQuantInfo()
    {
        Session session;
        OverviewPage page(session);
        page.show();
        QVERIFY(test::openAndWait(session, test::data("dpu/alone/chain.pth")));
        session.selectLayers({u"conv1"_s});
        QVERIFY(session.network()->layer("conv1")->slot(Slot::Weight)->assumed);
        QTRY_VERIFY(page.findChild<QWidget *>(u"weight-assumed"_s)->isVisibleTo(&page));
        QVERIFY(!page.findChild<QWidget *>(u"weight-confirm"_s)->isVisibleTo(&page));
        ExportDoubts doubts;
        doubts.show(session.network(), {"conv1"}, false);
        QVERIFY2(doubts.toolTip().contains(u"An export of the same network beside the file would."_s),
            qPrintable(doubts.toolTip()));
    }

    void integersAreShown()
    {
        Session session;
        QVERIFY(test::openAndWait(session, field("int_kinds.pt")));
        const SlotRef slot = slotRef(session.network(), "u8", Slot::Weight);
        QVERIFY(slot.hasCodes() && !slot.hasValues());
        ValuesModel model;
        model.setSlot(slot);
        for (const auto &[form, text] : {std::pair{ValueForm::Decimal, u"106"_s}, std::pair{ValueForm::Hex, u"0x6A"_s},
                 std::pair{ValueForm::Binary, u"01101010"_s}, std::pair{ValueForm::Float, u"?"_s}}) {
            model.setForm(form);
            model.index(0, 0).data();
            model.cache().waitForIdle();
            QCOMPARE(model.index(0, 0).data().toString(), text);
        }
        const SlotFacts facts = slotFacts(*slot.slot);
        QVERIFY(facts.problem.isEmpty());
        QCOMPARE(facts.rows.at(0).value, u"unknown"_s); // the scale
        QVERIFY(std::ranges::any_of(facts.rows, [](const Fact &f) { return f.value == u"unknown, stored in 8"_s; }));
        const SlotStatistics *statistics = session.statistics().get(slot.id());
        QVERIFY(statistics);
        const auto figures = slotFigures(*slot.slot, statistics);
        QCOMPARE(figures.at(0).value, u"uint8"_s);
        QCOMPARE(figures.at(1).value, u"unknown"_s);
    }

    /// Bits that are certain do not make the scale beside them certain.
    void anAssumedScaleIsMarked()
    {
        Session session;
        QVERIFY(test::openAndWait(session, field("shared_int_scaling.pt")));
        LayerModel layers;
        layers.setInspection(session.inspection());
        const auto assumed = [&](const QString &layer, LayerModel::Column column) {
            return layers.index(layers.rowOf(layer), column).data(LayerModel::AssumedRole).toBool();
        };
        QVERIFY(!assumed(u"relu"_s, LayerModel::Bits));
        QVERIFY(assumed(u"relu"_s, LayerModel::Scale));
        QVERIFY(!assumed(u"join"_s, LayerModel::Scale));
    }

    void proofsInTheHeader_data()
    {
        QTest::addColumn<QString>("recipe"); ///< what follows impl_class.recipe.toml
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("tip");
        const QString floor
            = u"[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\nfloat_to_int_impl_type = \"FLOOR\"\n"_s;
        const QString fields = u"[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\nbit_width = 8\nsigned = true\n"
                               "scale = [\"0x1p-7\"]\nzero_point = [\"0x0p+0\"]\n"_s;
        const QString codes = u"codes_sha256_i32 = \"%1\"\n"_s.arg(QString::fromStdString(
            test::golden(field("impl_class.expect.json"))["true_codes_sha256_i32"].get<std::string>()));
        QTest::newRow("all of it") << floor + fields + codes << u"✓ confirmed"_s
                                   << u"every quantizer equals what the live model computed, by the recipe's proofs"_s;
        const QString part = u"what the recipe's proofs tell equals what the live model computed; some leave out "
                             "fields or codes, and those rest on the recipe alone"_s;
        QTest::newRow("no codes") << fields << u"confirmed in part"_s << part;
        QTest::newRow("bits alone") << fields.section(u'\n', 0, 3) + u'\n' << u"confirmed in part"_s << part;
        QTest::newRow("nothing") << fields.section(u'\n', 0, 2) + u'\n' << u"beside it"_s << QString();
        QTest::newRow("codes of another rounding") << fields + codes << u"■ proof differs"_s
                                                   << u"a quantizer is not what the live model computed: see the "
                                                      "problems"_s;
    }

    /// Confirmed is what the live model confirmed in every field, codes too.
    void proofsInTheHeader()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, state);
        QFETCH(QString, tip);
        QTemporaryDir folder;
        const QString model = folder.filePath(u"m.pt"_s), path = folder.filePath(u"m.recipe.toml"_s);
        QVERIFY(QFile::copy(QString::fromStdString(field("impl_class.pt")), model));
        QVERIFY(QFile::copy(QString::fromStdString(field("impl_class.recipe.toml")), path));
        QFile file(path);
        QVERIFY(file.open(QIODevice::Append) && file.write(recipe.toUtf8()) > 0);
        file.close();
        Session session;
        LayersPanel panel(session);
        QVERIFY(test::openAndWait(session, str(model)));
        const auto *header = panel.findChild<QLabel *>(u"header-recipe"_s);
        QCOMPARE(header->text(), state);
        QTextDocument shown;
        shown.setHtml(header->toolTip());
        QCOMPARE(shown.toPlainText(), tip.isEmpty() ? path : tip);
    }

    void noLayersHaveNoBits()
    {
        Session session;
        LayersPanel panel(session);
        QVERIFY(test::openAndWait(session, field("no_layers.pt")));
        QCOMPARE(panel.findChild<QLabel *>(u"header-bits"_s)->text(), u"0 bit"_s);
    }

    /// A long name leaves room for the preset, which is what is to be confirmed.
    void longNamesLeaveRoomForPresets()
    {
        Session session;
        QVERIFY(test::openAndWait(session, field("odd_names.pt")));
        RecipePage page(session);
        page.resize(800, 600);
        page.show();
        QTRY_COMPARE(page.table()->model()->rowCount(), 2);
        QVERIFY(page.table()->columnWidth(QuantizerModel::Preset) >= 80);
        QVERIFY(!page.table()->horizontalScrollBar()->isVisible());
    }

    /// What hundreds of layers leave out does not push the verdict and the files off the page.
    void manyNotesAreCounted()
    {
        ExportReport report;
        for (int i = 0; i < 300; ++i)
            report.notes.push_back("l" + std::to_string(i) + " bias has no known quantizer; left out");
        for (const char *other : {"one more", "another", "a third", "and a fourth"})
            report.notes.push_back(other);
        ExportResult result;
        result.resize(700, 300);
        ExportRequest request;
        request.folder = "hw";
        result.showOutcome(ExportStore::Written{nullptr, request, u"12:00"_s, report});
        const auto *note = result.findChild<QLabel *>(u"export-note"_s);
        QCOMPARE(note->text(),
            u"0 files, 0 B in hw · 300 layers: bias has no known quantizer; left out (l0 and 299 more) · one more "
            u"· "
            "another · and 2 more notes"_s);
        QVERIFY(note->toolTip().contains(u"l29 bias"));
        QVERIFY(note->toolTip().contains(u"and 274 more notes"));
        QVERIFY(note->heightForWidth(500) < 150);
    }

    void namesAreShownEscaped()
    {
        Session session;
        QVERIFY(test::openAndWait(session, field("odd_names.pt")));
        LayerModel layers;
        layers.setInspection(session.inspection());
        QCOMPARE(layers.index(0, 0).data().toString(), u"a\\x0a*/ int evil;\\xe2\\x80\\xae"_s);
        QCOMPARE(layers.index(1, 0).data().toString(), u"tab\\x09\\x1b[31m"_s);
        QCOMPARE(layers.nameAt(0), QString::fromStdString(session.network()->layers[0].name)); // to look it up by
        ProblemModel problems;
        problems.setChecked(saidSoFar(session.inspection()));
        for (int row = 0; row < problems.rowCount(); ++row)
            problems.setFolded(row, false);
        QVERIFY(problems.rowCount() > 0);
        for (const QString &line : test::printed(layers) + test::printed(problems))
            for (const QChar c : line)
                QVERIFY2(c.unicode() >= 0x20 && c.unicode() != 0x202e, qPrintable(line));
    }
};

QTEST_MAIN(FieldWindowTest)
#include "tst_field_window.moc"
