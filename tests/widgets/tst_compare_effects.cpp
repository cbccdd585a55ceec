#include "lab/compare.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_table.h"
#include "pages/compare/sweep_result.h"
#include "pages/compare/walk_data.h"
#include "pages/compare/walk_panel.h"
#include "recipe/recipe_toml.h"
#include "run/activation_compare.h"
#include "support.h"
#include "support/run_helper.h"

#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

RunRequest requestFor(const Session &session, const std::string &file)
{
    RunRequest out;
    out.model.path = test::sample(file);
    out.model.recipeText = recipeText(session.recipe());
    out.data = {test::sample("digits_test.npz") + ":images", test::sample("digits_test.npz") + ":labels", {}};
    return out;
}

/// The rows of the network on data as they should be shown.
QStringList shownEffect(const DataEffect &effect)
{
    return {effect.isExact        ? u"exact"_s
            : effect.outputSqnrDb ? QString::number(*effect.outputSqnrDb, 'f', 2)
                                  : u"–"_s,
        effect.predictionsChanged ? groupedText(*effect.predictionsChanged) : u"–"_s,
        effect.accuracy ? QString::number(100 * *effect.accuracy, 'f', 2) : u"–"_s};
}

} // namespace

/// What candidates do on data, in the window: the same as runs and compare tell on the command line.
class CompareEffectsTest : public QObject {
    Q_OBJECT

    std::optional<test::PathBegin> m_path;

    static QStringList column(ComparePage &page, int at, int from, int to)
    {
        const CompareModel &model = page.candidates()->model();
        QStringList out;
        for (int row = from; row < to; ++row)
            out << model.index(row, at).data().toString();
        return out;
    }
    /// Every candidate has run.
    static bool measured(ComparePage &page)
    {
        return QTest::qWaitFor(
            [&] {
                const EffectStore::Count count = page.effects().count();
                return page.idle() && count.total > 1 && count.done == count.total;
            },
            120000);
    }
    static bool show(
        Session &session, ComparePage &page, const std::string &file, const QString &layer, bool run = true)
    {
        page.resize(1000, 800);
        page.show();
        if (!test::openAndWait(session, test::sample(file)))
            return false;
        session.selectLayers({layer});
        page.refreshNow();
        if (!run)
            return QTest::qWaitFor([&] { return page.idle(); }, 20000);
        session.runs().run();
        return QTest::qWaitFor([&] { return !session.runs().running(); }, 60000) && measured(page);
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

    /// Without the program that runs networks nothing begins, and no row speaks of data.
    void withoutTheHelper()
    {
        m_path.reset();
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv1"_s, false));
        QVERIFY(session.runs().canRun() && !session.runs().running());
        QCOMPARE(page.candidates()->model().rowCount(), kCompareFigures);
        QCOMPARE(page.findChild<QLabel *>(u"compare-what"_s)->text(), u"weight error, which is not accuracy"_s);
        session.selectLayers({u"relu1"_s});
        QCOMPARE(page.effects().count().total, std::size_t{0});
        page.refreshNow();
        QCOMPARE(page.findChild<QLabel *>(u"compare-note"_s)->text(),
            u"Activations are compared by what flows into them: run the network on data first (F9)."_s);
        session.runs().setData(std::nullopt);
        page.refreshNow();
        QCOMPARE(page.findChild<QLabel *>(u"compare-note"_s)->text(),
            u"Activations are compared by what flows into them: choose data first (Ctrl+D)."_s);
        session.runs().setData(requestFor(session, "digits_fixed.pt").data);
    }

    /// Who looks at candidates need not run the network before: that begins with the page, once, and stops like
    /// everything else.
    void runsWhatItNeeds()
    {
        Session session;
        ComparePage page(session);
        page.resize(1000, 800);
        page.show();
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"relu1"_s});
        page.refreshNow();
        QVERIFY(session.runs().running());
        const auto note = [&] { return page.findChild<QLabel *>(u"compare-note"_s)->text(); };
        QCOMPARE(note(),
            u"Activations are compared by what flows into them: the network is being run on data. · on data: the "
            u"network "
            "is run as it is, then each candidate"_s);
        QVERIFY(!page.idle() && page.findChild<QPushButton *>(u"stop-compare"_s)->isVisible());
        QVERIFY(page.cancelWork());
        QVERIFY(!session.runs().running() && page.idle());
        page.refreshNow();
        QCOMPARE(note(),
            u"Activations are compared by what flows into them: run the network on data first (F9). · on data: stopped "
            "before the network was run"_s);
        session.selectLayers({u"conv1"_s});
        page.refreshNow();
        QTest::qWait(50);
        QVERIFY(!session.runs().running()); // it was stopped
        auto *resume = page.findChild<QPushButton *>(u"resume-effects"_s);
        QVERIFY(resume->isVisible());
        resume->click();
        QVERIFY(session.runs().running());
        QVERIFY(measured(page));
        QCOMPARE(column(page, 0, kCompareFigures, kAllCompareFigures), (QStringList{u"exact"_s, u"0"_s, u"98.61"_s}));
        QCOMPARE(session.runs().result()->correct, std::optional<std::uint64_t>(355)); // the line above tells it too
        QVERIFY(!resume->isVisible());
    }

    void weights()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv1"_s));
        const CompareModel &model = page.candidates()->model();
        QCOMPARE(model.rowCount(), kAllCompareFigures);
        QCOMPARE(page.findChild<QLabel *>(u"compare-what"_s)->text(), u"weight error; on data in the last rows"_s);
        QStringList names, shown, expected;
        std::vector<std::string> choices;
        for (int i = 0; i < model.columnCount(); ++i)
            choices.push_back("conv1=" + model.column(i).name);
        RunClient client;
        const auto effects = measureEffects(client, requestFor(session, "digits_fixed.pt"), choices, {});
        QVERIFY2(effects, effects ? "" : effects.error().text().c_str());
        for (int i = 0; i < model.columnCount(); ++i) {
            shown << qs(model.column(i).name) + u": "_s
                    + column(page, i, kCompareFigures, kAllCompareFigures).join(u" | "_s);
            expected << qs(model.column(i).name) + u": "_s
                    + shownEffect((*effects)[static_cast<std::size_t>(i)]).join(u" | "_s);
        }
        QCOMPARE(shown, expected);
        QCOMPARE(shown.front(), u"file: exact | 0 | 98.61"_s);
        for (const auto part : {ComparePage::Sweep, ComparePage::PowerOfTwo}) { // which have no rows on data
            page.showPart(part);
            QCOMPARE(page.findChild<QLabel *>(u"compare-what"_s)->text(), u"weight error, which is not accuracy"_s);
        }
        page.showPart(ComparePage::Candidates);
        for (int row = kCompareFigures; row < kAllCompareFigures; ++row)
            QVERIFY(model.headerData(row, Qt::Vertical).toString().startsWith(u"on data: "_s));
    }

    /// Figures of what flowed in and effects, whole, against a comparison of the same candidates by the model.
    void activations()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_float.pt", u"relu1"_s));
        const CompareModel &model = page.candidates()->model();
        QCOMPARE(page.findChild<QLabel *>(u"compare-what"_s)->text(),
            u"on data: error of what flows in, which is not accuracy"_s);
        QVERIFY(model.columnOf("Uint8ActPerTensorFloat,range=max") > 0);
        QVERIFY(model.columnOf("Uint8ActPerTensorFixedPoint") > 0);
        std::vector<CandidateText> candidates;
        for (int i = 1; i < model.columnCount(); ++i)
            candidates.push_back(*parseCandidate(model.column(i).name));
        RunClient client;
        const auto told = compareActivation(client, requestFor(session, "digits_float.pt"), *session.network(),
            {session.network()->layer("relu1")->id, Slot::Act}, candidates, false);
        QVERIFY2(told, told ? "" : told.error().text().c_str());
        QCOMPARE(static_cast<int>(told->comparison.candidates.size()), model.columnCount());
        for (int i = 0; i < model.columnCount(); ++i) {
            const CandidateResult &result = told->comparison.candidates[static_cast<std::size_t>(i)];
            const CompareColumn expected = compareColumn({&result});
            QStringList texts;
            for (int row = 0; row < kCompareFigures; ++row)
                texts << expected.text(static_cast<CompareFigure>(row));
            texts << shownEffect(told->effects[static_cast<std::size_t>(i)]);
            QCOMPARE(qs(model.column(i).name) + u": "_s + column(page, i, 0, kAllCompareFigures).join(u" | "_s),
                qs(result.name) + u": "_s + texts.join(u" | "_s));
        }
    }

    void applied_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("candidate");
        QTest::newRow("weight") << u"conv1"_s << u"binary"_s;
        QTest::newRow("activation in fixed point") << u"relu1"_s << u"ap_ufixed<8,1>"_s;
        QTest::newRow("activation from data") << u"relu2"_s << u"Uint8ActPerTensorFloat,bit_width=6,range=99.9"_s;
    }

    /// What a cell said of a candidate the header says once it is applied and run, and the file's own after an undo.
    void applied()
    {
        QFETCH(QString, layer);
        QFETCH(QString, candidate);
        Session session;
        ComparePage page(session);
        session.runs().setRepeatsWithin(0ms);
        QVERIFY(show(session, page, "digits_fixed.pt", layer));
        CompareModel &model = page.candidates()->model();
        QVERIFY2(page.candidates()->choose(str(candidate)), qPrintable(test::printed(model).join(u'\n')));
        const QString said
            = column(page, model.columnOf(str(candidate)), kAllCompareFigures - 1, kAllCompareFigures).front();
        const auto before = session.network();
        page.candidates()->apply();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }, 20000));
        QVERIFY(session.runs().result() == nullptr);
        session.runs().run();
        QVERIFY(QTest::qWaitFor([&] { return !session.runs().running(); }, 60000));
        QCOMPARE(QString::number(100 * session.runs().result()->accuracy().value_or(0), 'f', 2), said);
        QVERIFY(measured(page));
        QCOMPARE(column(page, 0, kCompareFigures, kAllCompareFigures), (QStringList{u"exact"_s, u"0"_s, said}));
        const auto applied = session.network();
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != applied; }, 20000));
        QVERIFY(session.runs().result() != nullptr);
        QVERIFY(measured(page));
        QCOMPARE(column(page, 0, kCompareFigures, kAllCompareFigures), (QStringList{u"exact"_s, u"0"_s, u"98.61"_s}));
        QCOMPARE(
            column(page, model.columnOf(str(candidate)), kAllCompareFigures - 1, kAllCompareFigures).front(), said);
    }

    /// The walk, whole, against the same walk by the model; never more runs than the button said; applying gives the
    /// accuracy that it told.
    void widthsOnData_data()
    {
        QTest::addColumn<int>("over");
        QTest::addColumn<int>("low");
        QTest::addColumn<std::size_t>("alone"); // runs, and all at most
        QTest::addColumn<std::size_t>("most");
        QTest::addColumn<QString>("title");
        QTest::newRow("weights") << int(WalkOver::Weights) << 6 << std::size_t{12} << std::size_t{22}
                                 << u"weights of these layers, kbit"_s;
        QTest::newRow("activations") << int(WalkOver::Activations) << 7 << std::size_t{8} << std::size_t{14}
                                     << u"activations of one sample, kbit"_s;
        QTest::newRow("both") << int(WalkOver::Both) << 8 << std::size_t{8} << std::size_t{10}
                              << u"weights of these layers and activations of one sample, kbit"_s;
    }
    void widthsOnData()
    {
        QFETCH(int, over);
        QFETCH(int, low);
        QFETCH(std::size_t, alone);
        QFETCH(std::size_t, most);
        QFETCH(QString, title);
        Session session;
        ComparePage page(session);
        page.resize(1000, 800);
        page.show();
        page.showPart(ComparePage::OnData); // nobody has run it: it begins with the button
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        page.refreshNow();
        WalkPanel &panel = *page.walkPanel();
        for (auto *box : panel.findChildren<QSpinBox *>())
            if (box->accessibleName() == u"Fewest bits on data"_s)
                box->setValue(low);
        panel.setOver(static_cast<WalkOver>(over));
        QVERIFY(QTest::qWaitFor([&] { return panel.store().points() != nullptr; }, 20000));
        auto *run = page.findChild<QPushButton *>(u"walk-run"_s);
        QTRY_COMPARE(run->text(), u"Run up to %1 times"_s.arg(most));
        QVERIFY(!session.runs().running() && !session.runs().result());
        run->click();
        QVERIFY(QTest::qWaitFor([&] { return panel.idle(); }, 300000));
        RunClient client;
        const std::vector<SweepPoint> points = *panel.store().points();
        const auto told = measureWalk(client, requestFor(session, "digits_fixed.pt"), points, {}, {},
            [&](const RunResult &own) { return bitsOnData(*session.network(), points, own); });
        QVERIFY2(told, told ? "" : told.error().text().c_str());
        const WidthWalk &walk = *panel.store().walk();
        QVERIFY(walk.own == told->own && walk.alone == told->alone && walk.bits == told->bits);
        QCOMPARE(walk.steps.size(), told->steps.size());
        for (std::size_t i = 0; i < walk.steps.size(); ++i)
            QVERIFY(walk.steps[i].effect == told->steps[i].effect
                && walk.steps[i].allocation.points == told->steps[i].allocation.points
                && walk.steps[i].onFront == told->steps[i].onFront);
        QCOMPARE(page.findChild<QLabel *>(u"walk-progress"_s)->text(),
            u"on data: %1 of at most %2 runs"_s.arg(1 + alone + walk.steps.size()).arg(most));
        QVERIFY(1 + alone + walk.steps.size() <= most);
        QCOMPARE(walkTogether(points, walk, {}).xTitle, title);
        panel.setLoss(2);
        const auto step = fewestBitsKeeping(walk, *walk.own.accuracy - 0.02);
        QVERIFY(step);
        const WalkStep chosen = walk.steps[*step];
        const QString bits = groupedText(chosen.allocation.bits);
        const WalkBits parts = walkBits(points, walk, chosen);
        QCOMPARE(parts.weights + parts.activations, chosen.allocation.bits);
        QCOMPARE(panel.findChild<QLabel *>(u"sweep-result"_s)->text().section(u", on data"_s, 0, 0),
            u"Fewest bits that lose at most 2 points: "_s
                + (over == 0        ? bits + u" bits"_s
                        : over == 1 ? bits + u" bits of one sample's activations"_s
                                    : groupedText(parts.weights) + u" bits of weights and "_s
                            + groupedText(parts.activations) + u" bits of one sample's activations"_s));
        const auto before = session.network();
        QVERIFY(QTest::qWaitFor([&] { return panel.idle(); }));
        panel.result()->apply();
        QVERIFY(QTest::qWaitFor([&] { return session.network() != before; }, 20000));
        session.runs().run();
        QVERIFY(QTest::qWaitFor([&] { return !session.runs().running(); }, 60000));
        QCOMPARE(session.runs().result()->accuracy(), chosen.effect.accuracy);
        QVERIFY(panel.store().walk() == nullptr); // of other quantizers
    }

    /// What is known stays when somebody stops; nothing begins until somebody asks for it.
    void stopped()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv1"_s));
        session.selectLayers({u"conv2"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.effects().count().done > 0 && page.lab().idle(); }, 20000));
        QVERIFY(page.cancelWork());
        const auto known = page.effects().count();
        QVERIFY(known.done < known.total);
        auto *resume = page.findChild<QPushButton *>(u"resume-effects"_s);
        QVERIFY(resume->isVisible());
        QVERIFY2(page.findChild<QLabel *>(u"compare-note"_s)
                     ->text()
                     .startsWith(u"on data: %1 of %2 candidates run, stopped · "_s.arg(known.done).arg(known.total)),
            qPrintable(page.findChild<QLabel *>(u"compare-note"_s)->text()));
        QTest::qWait(50);
        QCOMPARE(page.effects().count().done, known.done);
        resume->click();
        QVERIFY(measured(page));
        QVERIFY(!resume->isVisible());
    }
};

QTEST_MAIN(CompareEffectsTest)
#include "tst_compare_effects.moc"
