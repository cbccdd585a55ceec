#include "analysis/find.h"
#include "analysis/find_query.h"
#include "export/export.h"
#include "items/facts.h"
#include "lab/compare.h"
#include "pages/recipe/recipe_page.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "quant/code_hash.h"
#include "session/lab_store.h"
#include "session/sweep_store.h"
#include "support.h"
#include "support/golden.h"
#include "support/recipes.h"

#include <QLabel>
#include <QPushButton>
#include <QTemporaryDir>
#include <QUndoStack>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

const SweepSettings kSettings{3, 5, {"Int8WeightPerTensorFloat"}};

QString line(const std::string &name, const CandidateResult &result)
{
    const QuantizationError &error = result.figures->error;
    return u"%1 scale %2 error %3"_s.arg(qs(name))
        .arg(static_cast<double>(result.slot.quantizer->scale->values.front()), 0, 'g', 9)
        .arg(error.errorPower, 0, 'g', 17);
}

QStringList printed(const std::vector<SweepPoint> &points)
{
    QStringList lines;
    for (const SweepPoint &point : points)
        lines << u"%1 %2 %3"_s.arg(qs(point.layer), qs(point.candidate)).arg(point.errorPower, 0, 'g', 17);
    return lines;
}

/// What the stores of Compare hold of one layer.
struct Lab {
    LabStore candidates;
    SweepStore sweep;

    /// Both, as they are when nothing is computed any more; empty when that takes
    /// too long.
    QStringList shown(const Session &session, const std::string &layer)
    {
        candidates.select(session.network(), {qs(layer)}, Slot::Weight);
        sweep.setBasis(session.network(), kSettings);
        sweep.request({layer});
        if (!QTest::qWaitFor([&] { return candidates.idle() && sweep.idle(); }, 20000))
            return {};
        QStringList lines;
        for (const LabStore::Results &results : candidates.results())
            lines << line(results.front()->name, *results.front());
        return lines + printed(sweep.points({layer}));
    }

    /// The same, computed anew from the network alone.
    QStringList anew(const Session &session, const std::string &layer) const
    {
        std::vector<CandidateText> texts;
        for (const LabStore::Results &results : candidates.results())
            if (results.front()->name != "file")
                texts.push_back(*parseCandidate(results.front()->name));
        const auto compared = compareCandidates(*session.network(), {layer}, texts, {.skipUnavailable = true});
        const auto swept = compareCandidates(*session.network(), {layer},
            atWidths({*parseCandidate(kSettings.families[0])}, kSettings.low, kSettings.high), {.hash = false});
        QStringList lines;
        for (const CandidateResult &result : compared->front().candidates)
            lines << line(result.name, result);
        return lines + printed(sweepPoints(*swept));
    }
};

} // namespace

/// Features of the window that meet: what one shows follows what the other did.
class CrossingsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        Settings::clearRecent();
        m_folder = std::make_unique<QTemporaryDir>();
    }

    /// One quantizer of three weights is over the values of all three: who leaves
    /// it changes the candidates of the others, and undo brings those back.
    void sharersInTheLab()
    {
        const std::string stem = test::data("brevitas/0.10.2/shared_weights");
        Session session;
        QVERIFY(test::openAndWait(session, model(stem + ".pt", test::recipeOfGolden(test::golden(stem + ".json")))));
        Lab lab;
        const QStringList shared = lab.shown(session, "a");
        QVERIFY(shared.size() > 10);
        QCOMPARE(shared, lab.anew(session, "a"));
        for (const char *leaving : {"b", "c"}) {
            session.applyChoices({{leaving, Slot::Weight, "Int8WeightPerTensorFloat", {}}}, u"alone"_s);
            QVERIFY(isAlone(session, leaving, true));
            const QStringList shown = lab.shown(session, "a");
            QCOMPARE(shown, lab.anew(session, "a"));
        }
        const QStringList alone = lab.shown(session, "a");
        QVERIFY(alone != shared);
        for (int step = 0; step < 2; ++step)
            session.undoStack().undo();
        QVERIFY(isAlone(session, "b", false));
        QCOMPARE(lab.shown(session, "a"), shared);
        for (int step = 0; step < 2; ++step)
            session.undoStack().redo();
        QVERIFY(isAlone(session, "c", true));
        QCOMPARE(lab.shown(session, "a"), alone);
    }

    /// Find looks through the layer that is shown, the first of the selected;
    /// hits of another are gone with it.
    void findWithSeveralLayers()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        ValuesPage page(session);
        page.resize(1000, 800);
        page.show();
        for (const QStringList &layers : {QStringList{u"conv1"_s, u"fc1"_s}, QStringList{u"fc1"_s, u"conv1"_s}}) {
            session.selectLayers(layers);
            page.refreshNow();
            QVERIFY(page.findBar()->result().positions.empty());
            QVERIFY(!page.findChild<QLabel *>(u"values-found"_s)->isVisibleTo(&page));
            page.findBar()->find(u"code = 3"_s);
            const SlotQuantizer &slot = *session.network()->layer(str(layers.front()))->slot("weight");
            const auto expected = findElements(slot, *parseFindQuery("code = 3", slot));
            QVERIFY(expected->count > 0);
            QTRY_COMPARE(page.findChild<QLabel *>(u"values-found"_s)->text(),
                u"%1 in the tensor: code = 3"_s.arg(groupedText(expected->count)));
            QCOMPARE(page.findBar()->result().positions, expected->positions);
            QTRY_COMPARE(page.findChild<QLabel *>(u"element-decimal"_s)->text(), u"3"_s);
            QCOMPARE(page.findChild<QLabel *>(u"element-title"_s)->text(),
                u"weight"_s + indexText(unflatten(expected->positions.front(), slot.shape)));
        }
    }

    /// What an edit changes is computed anew, there and back.
    void undoInTheLab()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        Lab lab;
        const QStringList before = lab.shown(session, "conv2");
        session.applyChoices({{"conv2", Slot::Weight, "ap_fixed<5,0>", {}}}, u"edit"_s);
        const auto isEdited = [&](bool edited) {
            return QTest::qWaitFor(
                [&] {
                    return (session.network()->layer("conv2")->slot("weight")->preset == "ap_fixed<5,0>") == edited;
                },
                20000);
        };
        QVERIFY(isEdited(true));
        const QStringList after = lab.shown(session, "conv2");
        QVERIFY(after.front() != before.front()); // "file"
        QCOMPARE(after, lab.anew(session, "conv2"));
        session.undoStack().undo();
        QVERIFY(isEdited(false));
        QCOMPARE(lab.shown(session, "conv2"), before);
        session.undoStack().redo();
        QVERIFY(isEdited(true));
        QCOMPARE(lab.shown(session, "conv2"), after);
    }

    /// A file that was written again with the same names is another file: nothing
    /// of the old one is kept.
    void reloadedValues()
    {
        const QString path = m_folder->filePath(u"m.pt"_s);
        const auto place = [&](const char *name) {
            QFile::remove(path);
            return QFile::copy(QString::fromStdString(test::data(std::string("field/") + name)), path);
        };
        QVERIFY(place("values_before.pt"));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        session.selectLayers({u"fc"_s});
        Lab lab;
        const auto figures = [](Session &of) {
            QStringList lines;
            for (const char *layer : {"conv", "fc"}) {
                const SlotRef slot = slotRef(of.network(), layer, Slot::Weight);
                for (const FigureText &figure : slotFigures(*slot.slot, of.statistics().get(slot.id())))
                    lines << figure.name + u" "_s + figure.value;
            }
            return lines;
        };
        const QStringList oldFigures = figures(session), oldLab = lab.shown(session, "fc");
        QVERIFY(place("values_after.pt"));
        session.reload();
        QVERIFY(QTest::qWaitFor(
            [&] { return session.state() == Session::State::Ready && session.statistics().idle(); }, 20000));
        QCOMPARE(session.selectedLayers(), QStringList{u"fc"_s});
        Session fresh;
        QVERIFY(test::openAndWait(fresh, test::data("field/values_after.pt")));
        Lab freshLab;
        QCOMPARE(figures(session), figures(fresh));
        QVERIFY(figures(session) != oldFigures);
        QCOMPARE(lab.shown(session, "fc"), freshLab.shown(fresh, "fc"));
        QVERIFY(lab.shown(session, "fc") != oldLab);
    }

    /// A confirmation says nothing of where the file comes from; a recipe of
    /// Brevitas' words beside it does.
    void confirmingNamesNoDialect()
    {
        const QString path = m_folder->filePath(u"m.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::data("field/values_before.pt")), path));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        QCOMPARE(session.network()->dialect, Dialect::PytorchStateDict);
        session.confirmLayers({u"fc"_s});
        QVERIFY(QTest::qWaitFor([&] { return !session.network()->layer("fc")->slot("weight")->assumed; }, 20000));
        QCOMPARE(session.network()->dialect, Dialect::PytorchStateDict);
        QCOMPARE(session.saveRecipe(m_folder->filePath(u"m.recipe.toml"_s)), QString());
        Session again;
        QVERIFY(test::openAndWait(again, str(path)));
        QCOMPARE(again.network()->dialect, Dialect::BrevitasStateDict);
        QVERIFY(!again.network()->layer("fc")->slot("weight")->assumed);
    }

    /// What a person confirmed is exported as confirmed, and the bundle makes
    /// itself again without a doubt.
    void exportOfWhatWasConfirmed()
    {
        const QString path = m_folder->filePath(u"digits_fixed.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        session.selectLayers({u"conv1"_s, u"conv2"_s, u"fc1"_s, u"fc2"_s});
        const QStringList folders{m_folder->filePath(u"open"_s), m_folder->filePath(u"confirmed"_s)};
        ExportRequest request;
        request.layers = {"conv1", "conv2", "fc1", "fc2"};
        request.formats = {"header"};
        for (const QString &folder : folders) {
            request.folder = str(folder);
            const auto done = exportLayers(*session.network(), request);
            QVERIFY2(done, done ? "" : done.error().text().c_str());
            const auto manifest = test::golden(str(folder) + "/manifest.json");
            const bool confirmed = folder == folders.back();
            QCOMPARE(manifest["source"].value("assumed", 0),
                confirmed ? 0 : 4); // the weights
            QCOMPARE(manifest["source"].value("recipe_edited", false), confirmed);
            Session again;
            again.open(path, folder + u"/recipe.toml"_s);
            QVERIFY(QTest::qWaitFor([&] { return again.state() == Session::State::Ready; }, 20000));
            QCOMPARE(again.recipeAssumed(), !confirmed);
            for (const auto &tensor : manifest["tensors"]) {
                const SlotQuantizer &slot = *again.network()
                                                 ->layer(tensor["layer"].get<std::string>())
                                                 ->slot(tensor["slot"].get<std::string>());
                QCOMPARE(codesSha256(slot).value_or(""), tensor["codes_sha256_i32"].get<std::string>());
            }
            RecipePage page(session);
            page.show();
            page.refreshNow();
            page.findChild<QPushButton *>(u"confirm-all"_s)->click();
            QVERIFY(QTest::qWaitFor([&] { return !session.recipeAssumed(); }, 20000));
        }
    }

private:
    /// A copy of a model with a recipe beside it.
    std::string model(const std::string &from, const std::string &recipe) const
    {
        const QString path = m_folder->filePath(u"m.pt"_s);
        QFile file(m_folder->filePath(u"m.recipe.toml"_s));
        const bool written = QFile::copy(QString::fromStdString(from), path) && file.open(QIODevice::WriteOnly)
            && file.write(recipe.c_str()) > 0;
        return written ? str(path) : std::string();
    }

    static bool isAlone(const Session &session, const std::string &layer, bool alone)
    {
        return QTest::qWaitFor(
            [&] { return session.network()->layer(layer)->slot(Slot::Weight)->sharedWith.empty() == alone; }, 20000);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(CrossingsTest)
#include "tst_crossings.moc"
