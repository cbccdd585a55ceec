#include "dialects/brevitas/recipe_edits.h"
#include "panels/run_bar.h"
#include "recipe/recipe_toml.h"
#include "support.h"
#include "support/onnx_builder.h"
#include "support/run_helper.h"

#include <QSignalSpy>
#include <QTemporaryDir>

#include <csignal>

using namespace quantscope;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

RunData digits()
{
    return {test::sample("digits_test.npz") + ":images", test::sample("digits_test.npz") + ":labels", {}};
}

/// What the command line would tell of the same model under the same recipe.
Result<RunResult> ranDirectly(const Session &session, const std::string &path, const RunData &data)
{
    RunClient client;
    RunModel model;
    model.path = path;
    if (session.recipeEdited())
        model.recipeText = recipeText(session.recipe());
    return client.run({.model = model, .data = data, .with = {}});
}

QString told(const Session &session, const RunStore &runs)
{
    Q_UNUSED(session);
    const RunResult *result = runs.result();
    return u"%1 right, opened %2, change %3"_s
        .arg(result ? QString::number(result->correct.value_or(999)) : u"no run"_s)
        .arg(runs.openedAccuracy() ? QString::number(*runs.openedAccuracy() * 360) : u"none"_s)
        .arg(runs.accuracyChange() ? QString::number(*runs.accuracyChange() * 360) : u"none"_s);
}

} // namespace

/// The network on data, in the window: a result belongs to the network and the data that it was computed with.
class RunStoreTest : public QObject {
    Q_OBJECT

    std::optional<test::PathBegin> m_path;
    QTemporaryDir m_folder;

    /// A copy of the sample with its recipe and an export.
    std::string copied(const char *name)
    {
        const QDir folder(m_folder.filePath(QLatin1String(name)));
        folder.mkpath(u"."_s);
        for (const char *file : {"digits_fixed.pt", "digits_fixed.recipe.toml", "digits_fixed_qonnx.onnx"})
            QFile::copy(qs(test::sample(file)), folder.filePath(QLatin1String(file)));
        return str(folder.filePath(u"digits_fixed.pt"_s));
    }
    static bool settled(Session &session)
    {
        return QTest::qWaitFor([&] { return !session.runs().running(); }, 60000);
    }
    static bool ready(Session &session)
    {
        return QTest::qWaitFor(
            [&] { return session.state() == Session::State::Ready && session.statistics().idle(); }, 20000);
    }
    static void edit(Session &session, const char *preset)
    {
        const auto before = session.network();
        session.applyChoices({{"conv2", Slot::Weight, preset, {}}}, u"conv2"_s);
        QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }));
    }

private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        m_path.emplace(test::helperFolder());
        if (test::helperFolder().isEmpty())
            QSKIP("quantscope-torch is not built");
    }

    /// The bundled samples have their data beside them; a copy elsewhere has none until somebody chooses.
    void dataOfAModel()
    {
        Session session;
        const std::string model = copied("data");
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed_qonnx.onnx")));
        QVERIFY(session.runs().data() == digits());
        QVERIFY(test::openAndWait(session, model));
        QVERIFY(!session.runs().data());
        QVERIFY(!session.runs().canRun());
        session.runs().setData(digits());
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.runs().setData(std::nullopt); // none is a choice
        QVERIFY(test::openAndWait(session, model));
        QVERIFY(session.runs().data() == digits());
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QVERIFY(!session.runs().data());
        session.runs().setData(digits());
    }

    /// 355 of 360 as Brevitas counts them; each edit has its own result, which undo brings back.
    void aResultBelongsToItsNetwork()
    {
        Session session;
        RunStore &runs = session.runs();
        runs.setRepeatsWithin(0ms);
        const std::string model = copied("edits");
        QVERIFY(test::openAndWait(session, model));
        runs.setData(digits());
        QCOMPARE(told(session, runs), u"no run right, opened none, change none"_s);
        runs.run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
        edit(session, "ap_fixed<2,0>");
        QCOMPARE(told(session, runs), u"no run right, opened 355, change none"_s);
        QVERIFY(runs.outdated() && runs.outdated()->correct == 355u);
        runs.run();
        QVERIFY(settled(session));
        const auto direct = ranDirectly(session, model, digits());
        QVERIFY2(direct, direct ? "" : direct.error().text().c_str());
        QVERIFY(direct->correct != 355u);
        QCOMPARE(told(session, runs),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
        QVERIFY(!runs.outdated());
        const Layer &relu = *session.network()->layer("relu2");
        const auto flow = runs.flow(relu, relu.slot(Slot::Act));
        QVERIFY(flow && flow->figures.seen.codesMax == direct->at(relu.id, Slot::Act)->figures.seen.codesMax);
        const auto edited = session.network();
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != edited; }));
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
        const auto undone = session.network();
        session.undoStack().redo();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != undone; }));
        QCOMPARE(told(session, runs),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
        QCOMPARE(session.saveRecipe(session.besidePath()), QString()); // the same recipe, in its file now
        QCOMPARE(told(session, runs),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
    }

    /// A short run is repeated by itself after an edit; a long one is not, and what it gave stays told as another's.
    void repeatsWhatIsShort()
    {
        Session session;
        RunStore &runs = session.runs();
        runs.setRepeatsWithin(1h);
        const std::string model = copied("repeats");
        QVERIFY(test::openAndWait(session, model));
        runs.setData(digits());
        edit(session, "ap_fixed<3,0>"); // nobody has run it: nothing runs
        QVERIFY(!runs.running());
        QCOMPARE(told(session, runs), u"no run right, opened none, change none"_s);
        runs.run();
        QVERIFY(settled(session));
        edit(session, "ap_fixed<2,0>");
        QVERIFY(runs.running() || runs.result());
        QVERIFY(settled(session));
        const auto direct = ranDirectly(session, model, digits());
        QVERIFY2(direct, direct ? "" : direct.error().text().c_str());
        QCOMPARE(told(session, runs),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
        runs.setRepeatsWithin(0ms);
        edit(session, "binary");
        QVERIFY(!runs.running());
        QVERIFY(runs.outdated() && runs.outdated()->correct == direct->correct);
        runs.run();
        runs.cancel(); // what was known before stays
        QVERIFY(runs.outdated() && runs.outdated()->correct == direct->correct);
        runs.setRepeatsWithin(1h);
        QTest::qWait(50);
        QVERIFY(!runs.running()); // nothing was edited since
        session.undoStack().undo();
        QTRY_COMPARE(told(session, runs),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
        QVERIFY(!runs.running()); // it was known
    }

    /// The first run is of an edited network: what the file was opened with runs too, for the change.
    void theFileAsOpenedRunsForTheChange()
    {
        Session session;
        QVERIFY(test::openAndWait(session, copied("opened")));
        session.runs().setData(digits());
        edit(session, "binary");
        session.runs().run();
        QVERIFY(settled(session));
        QVERIFY(session.runs().openedAccuracy() == 355.0 / 360);
        QVERIFY(session.runs().accuracyChange() < 0);
        session.runs().setData(RunData{digits().samples, {}, {}}); // without labels there is no accuracy to compare
        session.runs().run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, session.runs()), u"999 right, opened none, change none"_s);
    }

    void anEditDuringARun()
    {
        Session session;
        const std::string model = copied("during");
        QVERIFY(test::openAndWait(session, model));
        session.runs().setData(digits());
        session.runs().run();
        edit(session, "ap_fixed<2,0>");
        QVERIFY(session.runs().running());
        QVERIFY(settled(session));
        const auto direct = ranDirectly(session, model, digits());
        QCOMPARE(told(session, session.runs()),
            u"%1 right, opened 355, change %2"_s.arg(*direct->correct).arg(double(*direct->correct) - 355));
    }

    void anotherModelDuringARun()
    {
        Session session;
        QVERIFY(test::openAndWait(session, copied("first")));
        session.runs().setData(digits());
        session.runs().run();
        QSignalSpy failures(&session.runs(), &RunStore::failed);
        QVERIFY(test::openAndWait(session, test::sample("digits_float_qonnx.onnx")));
        QVERIFY(!session.runs().running());
        QTest::qWait(600);
        QCOMPARE(told(session, session.runs()), u"no run right, opened none, change none"_s);
        session.runs().run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, session.runs()), u"352 right, opened 352, change none"_s); // 0.9778 of 360
        session.reload();
        QVERIFY(ready(session));
        QCOMPARE(told(session, session.runs()), u"no run right, opened none, change none"_s);
        QCOMPARE(failures.count(), 0);
    }

    /// kill -9 in the middle: one sentence, and the next run starts the helper anew.
    void killedInTheMiddle()
    {
        Session session;
        QVERIFY(test::openAndWait(session, copied("killed")));
        RunStore &runs = session.runs();
        runs.setData(digits());
        connect(&runs, &RunStore::progress, this, [] {
            if (const int helper = test::helperProcess())
                ::kill(helper, SIGKILL);
        });
        runs.run();
        QVERIFY(settled(session));
        runs.disconnect(this);
        if (!runs.result()) // it may have been faster than its first word
            QVERIFY2(runs.problem().contains(u"was ended by signal 9 (Killed)"), qPrintable(runs.problem()));
        runs.run();
        QVERIFY(settled(session));
        QCOMPARE(runs.problem(), QString());
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
    }

    /// What the helper would read is not what is shown; data that changed are other data.
    void filesThatChange()
    {
        Session session;
        const QString model = qs(copied("changed")), data = m_folder.filePath(u"changed.npz"_s);
        QVERIFY(QFile::copy(qs(test::sample("digits_test.npz")), data));
        QVERIFY(test::openAndWait(session, str(model)));
        RunStore &runs = session.runs();
        runs.setData(RunData{str(data) + ":images", str(data) + ":labels", {}});
        runs.run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
        QVERIFY(QFile::remove(data) && QFile::copy(qs(test::sample("digits_test.npz")), data));
        QTRY_COMPARE(told(session, runs), u"no run right, opened none, change none"_s);
        QVERIFY(QFile::remove(model) && QFile::copy(qs(test::sample("digits_fixed.pt")), model));
        QTRY_VERIFY(session.changedOnDisk());
        runs.run();
        QVERIFY(!runs.running());
        QCOMPARE(runs.problem(),
            u"digits_fixed.pt, its recipe or its export changed on disk since it was read: reload it (F5), then run."_s);
        session.reload();
        QVERIFY(ready(session));
        QCOMPARE(runs.problem(), QString());
        runs.run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
    }

    /// A file that cannot be read leaves what is shown, and what ran.
    void anotherFileThatCannotBeRead()
    {
        Session session;
        QVERIFY(test::openAndWait(session, copied("other")));
        session.runs().setData(digits());
        session.runs().run();
        QVERIFY(settled(session));
        session.open(u"/no/such/file.pt"_s);
        QCOMPARE(told(session, session.runs()), u"355 right, opened 355, change none"_s);
        QVERIFY(ready(session));
        QCOMPARE(told(session, session.runs()), u"355 right, opened 355, change none"_s);
        session.close();
        QCOMPARE(told(session, session.runs()), u"no run right, opened none, change none"_s);
        QVERIFY(QTest::qWaitFor([] { return test::helperProcess() == 0; }, 20000)); // nothing is left to run
    }

    /// What was computed before an operator that is not known is there, and it is said where the run stopped.
    void aRunThatStops()
    {
        test::OnnxBuilder builder;
        builder.input("x").output("y").node("Relu", {"x"}, {"r"}, "first").tensor<float>("s", {}, {0.5f});
        builder.tensor<float>("z", {}, {0.0f}).tensor<float>("b", {}, {4.0f});
        builder.node("Quant", {"r", "s", "z", "b"}, {"q"}, "quant", "qonnx.custom_op.general",
            {{{"signed", 0}, {"narrow", 0}}, {}});
        builder.node("Quark", {"q"}, {"y"}, "odd", "my.domain");
        const QString model = m_folder.filePath(u"odd.onnx"_s);
        const QByteArray content = QByteArray::fromStdString(builder.model());
        QFile file(model);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
        file.close();
        Session session;
        QVERIFY(test::openAndWait(session, str(model)));
        RunBar bar(session);
        RunStore &runs = session.runs();
        runs.setData(RunData{test::sample("digits_test.npz") + ":images", {}, {}});
        runs.run();
        QVERIFY(settled(session));
        QVERIFY(runs.result() && runs.result()->outputs.empty());
        QCOMPARE(bar.findChild<QLabel *>(u"run-problem"_s)->text(),
            u"■ The run stopped at node odd (Quark): the operator my.domain.Quark is not known here, so the network "
            u"runs "
            "only up to it; what was computed before is shown."_s);
        const Layer &layer = session.network()->layers.front();
        const auto flow = runs.flow(layer, &layer.slots.front());
        QVERIFY(flow && flow->figures.seen.codesMax == 2); // pixels reach 1, in steps of 1/2
    }

    void cancelled()
    {
        Session session;
        QVERIFY(test::openAndWait(session, copied("cancelled")));
        RunStore &runs = session.runs();
        runs.setData(digits());
        runs.run();
        runs.cancel();
        QVERIFY(!runs.running());
        QTest::qWait(700);
        QCOMPARE(told(session, runs), u"no run right, opened none, change none"_s);
        QCOMPARE(runs.problem(), QString());
        runs.run();
        QVERIFY(settled(session));
        QCOMPARE(told(session, runs), u"355 right, opened 355, change none"_s);
    }
};

QTEST_MAIN(RunStoreTest)
#include "tst_run_store.moc"
