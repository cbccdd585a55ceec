#include "dialects/brevitas/recipe_edits.h"
#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "support.h"

#include <QTemporaryDir>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// A recipe that was taken from the export beside the model, in the window.
class TakenRecipeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        QVERIFY(m_folder.isValid());
        for (const char *name : {"digits_fixed.pt", "digits_fixed_qonnx.onnx"}) {
            const QString to = m_folder.filePath(QString(name).replace("digits_fixed", "m"));
            QFile::remove(to);
            QVERIFY(QFile::copy(QString::fromStdString(test::sample(name)), to));
            QVERIFY(QFile(to).setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        }
        QFile::remove(m_folder.filePath(u"m.recipe.toml"_s));
    }

    /// Nothing is lost by leaving it, and it can be saved; then it is the recipe beside the model.
    void isHeldUnsaved()
    {
        Session session;
        QVERIFY(test::openAndWait(session, str(m_folder.filePath(u"m.pt"_s))));
        QCOMPARE(session.network()->recipe.takenFrom, std::string("m_qonnx.onnx"));
        QVERIFY(!session.recipeEdited() && !session.recipeAssumed());
        QCOMPARE(session.recipeStateText(), u"✓ confirmed"_s);
        const QString beside = m_folder.filePath(u"m.recipe.toml"_s);
        QCOMPARE(session.saveRecipe(beside), QString());
        session.reload();
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        QCOMPARE(session.recipePath(), beside);
        QVERIFY(session.network()->recipe.takenFrom.empty());
        QCOMPARE(session.network()->confirmedBy, std::string("m_qonnx.onnx"));
    }

    void canBeEditedAndUndone()
    {
        Session session;
        QVERIFY(test::openAndWait(session, str(m_folder.filePath(u"m.pt"_s))));
        const auto before = session.network();
        session.applyChoices({{"conv1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }));
        QVERIFY(session.recipeEdited());
        QVERIFY(session.network()->confirmedBy.empty());
        const auto edited = session.network();
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != edited; }));
        QVERIFY(!session.recipeEdited());
        QCOMPARE(session.network()->confirmedBy, std::string("m_qonnx.onnx"));
    }

    /// An edit after which the inputs of a join agree takes its red away in the list of layers; undone, it is there
    /// again. The export beside the model only tells what is joined.
    void joinsFollowEdits()
    {
        for (const char *name : {"pair.pt", "pair.qonnx.onnx"})
            QVERIFY(QFile::copy(QString::fromStdString(test::data(std::string("field/joins/") + name)),
                m_folder.filePath(QString(name))));
        Session session;
        QVERIFY(test::openAndWait(session, str(m_folder.filePath(u"pair.pt"_s))));
        QCOMPARE(session.network()->recipe.takenFrom, std::string("pair.qonnx.onnx"));
        const auto isRed
            = [&](const QStringList &rows) { return QTest::qWaitFor([&] { return redRows(session) == rows; }); };
        QVERIFY(isRed({u"c"_s}));
        session.applyChoices({{"b", Slot::Act, {}, {{"bit_width", "8"}}}}, u"8 bits"_s);
        QVERIFY(isRed({}));
        session.applyChoices({{"p", Slot::Act, {}, {{"bit_width", "4"}}}}, u"4 bits"_s); // of the constant
        QVERIFY(isRed({u"fc"_s}));
        session.undoStack().undo();
        QVERIFY(isRed({}));
        session.undoStack().undo();
        QVERIFY(isRed({u"c"_s}));
        session.undoStack().redo();
        QVERIFY(isRed({}));
    }

    /// The export is a part of what is shown.
    void anExportThatChangesIsNoticed()
    {
        Session session;
        QVERIFY(test::openAndWait(session, str(m_folder.filePath(u"m.pt"_s))));
        const QString path = m_folder.filePath(u"m_qonnx.onnx"_s);
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write("no graph");
        file.close();
        QVERIFY(QTest::qWaitFor([&] { return session.changedOnDisk(); }));
        session.reload();
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        QVERIFY(session.network()->recipe.takenFrom.empty() && session.recipeAssumed());
    }

    /// Without a recipe means without.
    void noneTakesNothing()
    {
        Session session;
        QVERIFY(test::openAndWait(session, str(m_folder.filePath(u"m.pt"_s))));
        session.useRecipe(Session::RecipeChoice::None);
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        QVERIFY(session.network()->recipe.takenFrom.empty() && session.recipeAssumed());
        session.useRecipe(Session::RecipeChoice::Beside);
    }

private:
    static QStringList redRows(const Session &session)
    {
        LayerModel model;
        LayerProxy proxy;
        proxy.setSourceModel(&model);
        model.setInspection({session.network(), {}, {}});
        proxy.sort(LayerModel::Name, Qt::AscendingOrder);
        QStringList rows;
        for (int row = 0; row < proxy.rowCount(); ++row)
            if (proxy.index(row, 0).data(LayerModel::LanesRole).value<LaneCell>().differs)
                rows << proxy.index(row, 0).data().toString();
        return rows;
    }

    QTemporaryDir m_folder;
};

QTEST_MAIN(TakenRecipeTest)
#include "tst_taken_recipe.moc"
