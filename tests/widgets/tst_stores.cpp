#include "charts/chart_actions.h"
#include "charts/sweep_chart.h"
#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_power.h"
#include "pages/compare/sweep_data.h"
#include "pages/compare/sweep_panel.h"
#include "pages/compare/sweep_result.h"
#include "session/lab_store.h"
#include "session/sweep_families.h"
#include "session/sweep_store.h"
#include "support.h"
#include "support/state_file.h"

#include <QLabel>

#include <set>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

const SweepSettings kSettings{3, 5, {"Int8WeightPerTensorFloat"}};

std::vector<SweepPoint> sweptDirectly(const Network &network, const std::vector<std::string> &layers)
{
    return sweepPoints(*compareCandidates(network, layers, atWidths({*parseCandidate(kSettings.families[0])}, 3, 5),
        {.slot = Slot::Weight, .hash = false, .skipUnavailable = true}));
}

QStringList printed(const std::vector<SweepPoint> &points)
{
    QStringList lines;
    for (const SweepPoint &point : points)
        lines << u"%1 %2 %3 %4"_s.arg(qs(point.layer), qs(point.candidate))
                     .arg(point.signalPower, 0, 'g', 17)
                     .arg(point.errorPower, 0, 'g', 17);
    return lines;
}

} // namespace

/// Results are kept as long as what they depend on, and no longer.
class StoresTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    /// Layers that are selected together are compared by their weights, whichever was selected first.
    void weightsAmongActivations()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        page.show();
        session.selectLayers({u"quant_inp"_s, u"conv1"_s, u"relu1"_s, u"conv2"_s});
        page.refreshNow();
        QCOMPARE(page.lab().slot(), Slot::Weight);
        QCOMPARE(page.lab().layers(), (std::vector<std::string>{"conv1", "conv2"}));
        const auto *chart = page.candidates()->findChild<SweepChart *>();
        QCOMPARE(chart->actions()->caption().title, u"conv1 weight: SQNR over bits"_s);
        page.showPart(ComparePage::PowerOfTwo);
        QTRY_VERIFY(page.power()->idle());
        std::set<std::string> layers;
        for (const PowerRow &row : page.power()->model().rows())
            layers.insert(row.layer);
        QCOMPARE(layers, (std::set<std::string>{"conv1", "conv2"}));
        page.showPart(ComparePage::Candidates);
        session.selectLayers({u"quant_inp"_s, u"relu1"_s});
        page.refreshNow();
        QVERIFY(page.lab().layers().empty());
        QCOMPARE(page.findChild<QLabel *>(u"compare-note"_s)->text(),
            u"Activations are compared by what flows into them: run the network on data first (F9)."_s);
    }

    /// From a million bits on the axis counts Mbit, for every line.
    void frontUnits()
    {
        std::vector<SweepPoint> points(1);
        points[0].layer = "a";
        Allocation small, large;
        small.bits = 999'999;
        large.bits = 1'000'000;
        for (Allocation *each : {&small, &large}) {
            each->points = {0};
            each->signalPower = 1000;
            each->errorPower = 10;
        }
        const SweepData kilo = frontData(points, {small}, small, small);
        QCOMPARE(kilo.xTitle, u"weights of the network, kbit"_s);
        QCOMPARE(kilo.yTitle, u"SQNR, dB"_s);
        const SweepData mega = frontData(points, {small, large}, large, small);
        QCOMPARE(mega.xTitle, u"weights of the network, Mbit"_s);
        QCOMPARE(kilo.lines.size(), std::size_t(3));
        QCOMPARE(mega.lines.size(), std::size_t(3));
        for (const SweepLine &line : kilo.lines)
            QCOMPARE(line.dots.front().x, 999.999);
        QCOMPARE(mega.lines[0].dots[1].x, 1.0);
        QCOMPARE(mega.lines[1].dots[0].x, 1.0);
        QCOMPARE(mega.lines[2].dots[0].x, 0.999999);
    }

    /// Merging a batch norm changes the weights: candidates and widths are those of the merged ones.
    void mergedBatchNormsAreOtherWeights()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("torch/zip/state_dict.pt")));
        LabStore lab;
        SweepStore sweep;
        const auto compare = [&] {
            lab.select(session.network(), {u"conv1"_s}, Slot::Weight);
            sweep.setBasis(session.network(), kSettings);
            sweep.request({"conv1"});
            return QTest::qWaitFor([&] { return lab.idle() && sweep.idle(); }, 20000);
        };
        const auto powers = [&] {
            const SlotStatistics &figures = *lab.result("Int8WeightPerTensorFloat")->figures;
            return std::pair(figures.error.signalPower, figures.error.errorPower);
        };
        QVERIFY(compare());
        const auto stored = powers();
        const QStringList storedPoints = printed(sweep.points({"conv1"}));
        QCOMPARE(storedPoints, printed(sweptDirectly(*session.network(), {"conv1"})));
        for (const bool merged : {true, false}) {
            session.setBatchNormsMerged({u"conv1"_s}, merged);
            QVERIFY(
                QTest::qWaitFor([&] { return session.network()->layer("conv1")->batchNormMerged == merged; }, 20000));
            QVERIFY(compare());
            QCOMPARE(powers() == stored, !merged);
            QCOMPARE(printed(sweep.points({"conv1"})) == storedPoints, !merged);
            QCOMPARE(printed(sweep.points({"conv1"})), printed(sweptDirectly(*session.network(), {"conv1"})));
        }
    }

    /// An edit of one layer costs that layer: nothing of the others is computed again, nor the candidates of its own.
    void editsCostWhatTheyChange()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LabStore lab;
        SweepStore sweep;
        const QStringList layers{u"conv2"_s, u"conv1"_s};
        lab.select(session.network(), layers, Slot::Weight);
        sweep.setBasis(session.network(), kSettings);
        sweep.request({"conv1", "conv2"});
        QVERIFY(QTest::qWaitFor([&] { return lab.idle() && sweep.idle(); }, 20000));
        const auto before = lab.results();
        session.applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv2")->slot("weight")->quantizer->bitWidth == 5; }));
        sweep.setBasis(session.network(), kSettings);
        QVERIFY(sweep.idle());
        QCOMPARE(sweep.known({"conv1", "conv2"}), std::size_t(2));
        lab.select(session.network(), layers, Slot::Weight);
        QVERIFY(!lab.idle());
        QVERIFY(QTest::qWaitFor([&] { return lab.idle(); }, 20000));
        const auto after = lab.results();
        QCOMPARE(after.size(), before.size());
        for (std::size_t candidate = 0; candidate < after.size(); ++candidate)
            for (std::size_t layer = 0; layer < 2; ++layer)
                QCOMPARE(after[candidate][layer] != before[candidate][layer], candidate == 0 && layer == 0);
        QCOMPARE(lab.result("file")->slot.quantizer->bitWidth, std::optional(5));
    }

    /// A chosen candidate is what its text says, for every selected layer; no text is read again.
    void choicesAreValues()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        LabStore lab;
        lab.select(session.network(), {u"conv1"_s, u"fc2"_s}, Slot::Weight);
        lab.add(*parseCandidate("Int8WeightPerTensorFloat,bit_width=5"));
        QVERIFY(QTest::qWaitFor([&] { return lab.idle(); }, 20000));
        const auto choices = lab.choices("Int8WeightPerTensorFloat,bit_width=5");
        QCOMPARE(choices.size(), std::size_t(2));
        for (std::size_t i = 0; i < 2; ++i) {
            QCOMPARE(choices[i].layer, lab.layers()[i]);
            QCOMPARE(choices[i].slot, Slot::Weight);
            QCOMPARE(choices[i].preset, std::string("Int8WeightPerTensorFloat"));
            QCOMPARE(choices[i].overrides, (std::vector<std::pair<std::string, std::string>>{{"bit_width", "5"}}));
        }
        QVERIFY(lab.choices("file").empty());
        for (const SweepPoint &point : sweptDirectly(*session.network(), {"conv1"})) {
            const auto said = parseCandidate(point.candidate);
            QCOMPARE(point.settings.preset, said->settings.preset);
            QCOMPARE(point.settings.overrides, said->settings.overrides);
        }
    }

    /// The recipe is read, hashed and printed on a worker: the window goes on.
    void recipesArePrintedOnAWorker()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        const auto points = std::make_shared<const std::vector<SweepPoint>>(
            sweptDirectly(*session.network(), {"conv1", "conv2", "fc1", "fc2"}));
        const Allocation cheapest = cheapestKeeping(*points, 20);
        SweepResult result(session);
        result.setAllocation(points, cheapest, u"title"_s, u"undo"_s);
        QCOMPARE(result.recipeText(), QString());
        QVERIFY(!result.idle());
        QVERIFY(QTest::qWaitFor([&] { return result.idle(); }));
        QCOMPARE(result.recipeText(), qs(*allocationRecipe(*session.network(), *points, cheapest)));
        QCOMPARE(result.pythonText(), qs(allocationPython(*points, cheapest)));
        result.setAllocation(points, cheapest, u"another title"_s, u"undo"_s); // the same is not printed again
        QVERIFY(result.idle());
        result.setAllocation(points, std::nullopt, u"none"_s, u"undo"_s);
        QVERIFY(result.idle());
        QCOMPARE(result.recipeText(), QString());
    }

    /// A front that comes when the model is closed finds no recipe to print.
    void closingWhileAFrontIsComputed()
    {
        Session session;
        ComparePage page(session);
        page.resize(1000, 800);
        page.show();
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        page.showPart(ComparePage::Sweep);
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.sweepPanel()->allocation(); }, 20000));
        page.sweepPanel()->setGoal(20);
        page.hide();
        session.close();
        QTest::qWait(150);
        QVERIFY(page.idle());
    }

    /// Small tensors are computed many at a time; one that cannot be read spoils none of the others.
    void smallTensorsTogether()
    {
        std::vector<test::StateTensor> tensors;
        for (int i = 0; i < 100; ++i)
            tensors.push_back(test::weight(str(u"layer%1"_s.arg(i)), {2, i + 1}));
        Network broken = test::recoveredNetwork(tensors, "brevitas = \"0.10.2\"\n");
        auto &tensor = broken.layers[70].slot(Slot::Weight)->tensor;
        auto cut = std::make_shared<TensorInfo>(*tensor);
        cut->firstElement = 1u << 20; // behind the end
        tensor = cut;
        const auto network = std::make_shared<const Network>(std::move(broken));
        StatisticsStore store;
        QStringList ready, progress;
        connect(&store, &StatisticsStore::ready, this, [&](const QString &layer) { ready << layer; });
        connect(&store, &StatisticsStore::progress, this,
            [&](int done, int total) { progress << u"%1 of %2"_s.arg(done).arg(total); });
        store.setNetwork(network);
        QVERIFY(QTest::qWaitFor([&] { return store.idle(); }));
        QCOMPARE(progress, (QStringList{u"64 of 100"_s, u"100 of 100"_s}));
        QCOMPARE(ready.size(), 100);
        QVERIFY(store.complete());
        QCOMPARE(store.problems().size(), std::size_t(1));
        for (const Layer &layer : network->layers) {
            const SlotId slot{layer.id, Slot::Weight};
            QCOMPARE(ready[static_cast<qsizetype>(position(layer.id))], qs(layer.name));
            QCOMPARE(store.problem(slot).isEmpty(), layer.name != "layer70");
            if (layer.name != "layer70")
                QCOMPARE(store.get(slot)->count, 2 * (position(layer.id) + 1));
        }
    }

    void familiesHaveTitles()
    {
        QCOMPARE(sweepFamilies().size(), std::size_t(8));
        const std::vector<std::string> defaults = defaultFamilies(), all = sweepFamilies();
        QVERIFY(std::equal(defaults.begin(), defaults.end(), all.begin())); // they come first
        QCOMPARE(familyTitle("Int8WeightPerTensorFixedPoint"), u"per tensor, fixed point"_s);
        QCOMPARE(familyTitle("ap_fixed<W,0>"), u"ap_fixed<W,0>"_s);
        for (const std::string &family : all)
            QVERIFY2(parseCandidate(family), family.c_str());
    }
};

QTEST_MAIN(StoresTest)
#include "tst_stores.moc"
