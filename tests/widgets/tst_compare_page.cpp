#include "charts/bit_weight_chart.h"
#include "lab/allocation_recipe.h"
#include "lab/power_of_two.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_table.h"
#include "pages/compare/sweep_panel.h"
#include "pages/compare/sweep_result.h"
#include "pages/distribution/compare_trial.h"
#include "pages/distribution/distribution_page.h"
#include "pages/parts/code_view.h"
#include "quant/fixed_point.h"
#include "support.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>

using namespace quantscope;
using namespace Qt::StringLiterals;

class ComparePageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void saysWhatIsWrongInPlace()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        auto *edit = page.findChild<QLineEdit *>(u"add-candidate"_s);
        auto *problem = page.findChild<QLabel *>(u"add-problem"_s);
        QVERIFY(problem->isHidden());
        edit->setText(u"ternery"_s);
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY2(problem->text().contains(u"did you mean \"ternary\""), qPrintable(problem->text()));
        QVERIFY(!problem->isHidden());
        edit->setText(u"ap_fixed<5,-1>"_s);
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(problem->isHidden());
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QCOMPARE(chosen(page), u"ap_fixed<5,-1>"_s);
    }

    /// A candidate that cannot be is there to be corrected; what was said about it goes with the next step.
    void impossibleCandidatesStay()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        auto *edit = page.findChild<QLineEdit *>(u"add-candidate"_s);
        auto *problem = page.findChild<QLabel *>(u"add-problem"_s);
        const auto refuse = [&] {
            edit->setText(u"Int8ActPerTensorFloat"_s);
            QTest::keyClick(edit, Qt::Key_Return);
            return QTest::qWaitFor([&] { return page.idle() && !problem->isHidden(); });
        };
        QVERIFY(refuse());
        QCOMPARE(edit->text(), u"Int8ActPerTensorFloat"_s);
        QVERIFY(page.candidates()->choose("ternary"));
        page.candidates()->apply();
        QVERIFY(problem->isHidden());
        QVERIFY(
            QTest::qWaitFor([&] { return session.network()->layer("conv2")->slot("weight")->preset == "ternary"; }));
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QVERIFY(refuse());
        session.undoStack().undo();
        QVERIFY(problem->isHidden());
    }

    /// conv1 has 16 output channels, conv2 has 32: float scales per channel are inexact in both, for reasons of their
    /// own.
    void inexactForDifferentReasonsIsNo_data()
    {
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QString>("candidate");
        QTest::addColumn<QString>("exact");
        const QString channels = u"Int8WeightPerChannelFloat"_s, tensor = u"Int8WeightPerTensorFixedPoint"_s;
        QTest::newRow("one") << QStringList{u"conv2"_s} << channels << u"no, 32 scales"_s;
        QTest::newRow("two, inexact") << QStringList{u"conv1"_s, u"conv2"_s} << channels << u"no"_s;
        QTest::newRow("two, exact") << QStringList{u"conv1"_s, u"conv2"_s} << tensor << u"✓ yes"_s;
    }
    void inexactForDifferentReasonsIsNo()
    {
        QFETCH(QStringList, layers);
        QFETCH(QString, candidate);
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", layers.first()));
        session.selectLayers(layers);
        page.refreshNow();
        page.lab().add(*parseCandidate(str(candidate)));
        QVERIFY(
            QTest::qWaitFor([&] { return page.idle() && page.candidates()->model().columnOf(str(candidate)) > 0; }));
        QTEST(page.candidates()
                  ->model()
                  .column(page.candidates()->model().columnOf(str(candidate)))
                  .text(CompareFigure::Exact),
            "exact");
    }

    /// A difference is short enough for the room beside its figure.
    void differencesAreShort_data()
    {
        QTest::addColumn<double>("ratio");
        QTest::addColumn<QString>("text");
        QTest::newRow("percent") << 0.24 << u"−76 %"_s;
        QTest::newRow("times") << 7.54 << u"×7.5"_s;
        QTest::newRow("hundred") << 99.97 << u"×100"_s;
        QTest::newRow("hundreds") << 999.4 << u"×999"_s;
        QTest::newRow("thousands") << 6.5e3 << u">×999"_s;
        QTest::newRow("beyond") << 1e12 << u">×999"_s;
    }
    void differencesAreShort()
    {
        QFETCH(double, ratio);
        const auto column = [](double error) {
            CompareColumn made;
            made.known = made.hasErrors = true;
            made.error.maxAbs = error;
            return made;
        };
        QTEST(column(ratio).difference(CompareFigure::MaxError, column(1)), "text");
    }

    /// Activations have no stored values to compare: there is nothing that looks as if it could be used.
    void activationsAreNotCompared()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        session.selectLayers({u"relu1"_s});
        page.refreshNow();
        QVERIFY(!page.candidates()->table()->isVisible());
        QVERIFY(!page.findChild<QLineEdit *>(u"add-candidate"_s)->isEnabled());
        session.selectLayers({u"conv1"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QVERIFY(page.candidates()->table()->isVisible());
    }

    /// Apply reaches the statistics that every view and the export show; undo takes it back.
    void appliesAndUndoes()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        const auto decibels = [&] {
            const SlotStatistics *s = session.statistics().get(slotRef(session.network(), "conv2", Slot::Weight).id());
            return s ? QString::number(*s->error.sqnrDb(), 'f', 1) : QString();
        };
        const auto fraction = [&] {
            return fractionalBits(session.network()->layer("conv2")->slot("weight")->quantizer->scale->values[0]);
        };
        QCOMPARE(fraction(), std::optional(6));
        QVERIFY(page.candidates()->choose("ap_fixed<6,-1>"));
        page.findChild<QPushButton *>(u"apply-candidate"_s)->click();
        QVERIFY(QTest::qWaitFor([&] { return fraction() == 7; }));
        QVERIFY(QTest::qWaitFor([&] { return decibels() == u"28.8"; }));
        QCOMPARE(session.network()->layer("conv2")->slot("weight")->preset, std::string("ap_fixed<6,-1>"));
        QCOMPARE(session.undoStack().undoText(), u"conv2 weight: ap_fixed<6,-1>"_s);
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.candidates()->model().column(0).type == u"<6,-1>"; }));
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return fraction() == 6 && decibels() == u"26.8"; }));
        session.undoStack().redo();
        QVERIFY(QTest::qWaitFor([&] { return fraction() == 7; }));
    }

    void appliesKeywords()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        QVERIFY(page.candidates()->choose("Int8WeightPerChannelFloat,bit_width=6"));
        page.candidates()->apply();
        const auto slot = [&] { return session.network()->layer("conv2")->slot("weight"); };
        QVERIFY(QTest::qWaitFor([&] { return slot()->preset == "Int8WeightPerChannelFloat"; }));
        QCOMPARE(slot()->quantizer->bitWidth, std::optional(6));
        QCOMPARE(slot()->quantizer->scale->values.size(), std::size_t(32));
    }

    void appliesToAllSelected()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv1"_s));
        session.selectLayers({u"conv1"_s, u"fc2"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QVERIFY(page.candidates()->choose("ternary"));
        page.candidates()->apply();
        for (const char *name : {"conv1", "fc2"})
            QVERIFY(
                QTest::qWaitFor([&] { return session.network()->layer(name)->slot("weight")->preset == "ternary"; }));
        QCOMPARE(session.undoStack().count(), 1);
    }

    /// An ONNX file says its quantizers itself: nothing can be applied, and it is said why.
    void saysWhyNothingCanBeApplied()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed_qcdq.onnx", u"conv2"_s));
        auto *apply = page.findChild<QPushButton *>(u"apply-candidate"_s);
        QVERIFY(page.candidates()->model().columnCount() > 1);
        QVERIFY(!apply->isEnabled());
        QVERIFY2(apply->toolTip().contains(u"says its quantizers itself"), qPrintable(apply->toolTip()));
        const QString note = page.findChild<QLabel *>(u"compare-note"_s)->text();
        QCOMPARE(note.contains(u"holds only quantized values"), page.lab().againstQuantized());
        session.undoStack().setClean();
        page.candidates()->apply();
        QCOMPARE(session.undoStack().count(), 0);
    }

    void keysChooseAndRemove()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        page.candidates()->table()->choose(1);
        QTableView *view = page.candidates()->table()->candidates();
        const int columns = page.candidates()->model().columnCount();
        const std::string second = page.candidates()->model().column(2).name;
        QTest::keyClick(view, Qt::Key_Right);
        QCOMPARE(str(chosen(page)), second);
        QTest::keyClick(view, Qt::Key_Delete);
        QCOMPARE(page.candidates()->model().columnCount(), columns - 1);
        QVERIFY(page.candidates()->model().columnOf(second) < 0);
    }

    /// The panel's widths are those of the model's own functions; Apply is one edit over all layers.
    void sweepsAndApplies()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        page.showPart(ComparePage::Sweep);
        QVERIFY(QTest::qWaitFor(
            [&] {
                return page.idle() && page.sweep().known({"conv1", "conv2", "fc1", "fc2"}) == 4;
            },
            20000));
        std::vector<CandidateText> families;
        for (const std::string &family : defaultFamilies())
            families.push_back(*parseCandidate(family));
        const auto compared
            = compareCandidates(*session.network(), {"conv1", "conv2", "fc1", "fc2"}, atWidths(families, 2, 8));
        QVERIFY(compared.has_value());
        const auto points = sweepPoints(*compared);
        const Allocation expected = cheapestKeeping(points, 30);
        QVERIFY(page.sweepPanel()->allocation().has_value());
        QCOMPARE(page.sweepPanel()->allocation()->bits, expected.bits);
        QCOMPARE(
            page.sweepPanel()->result()->recipeText(), qs(*allocationRecipe(*session.network(), points, expected)));
        QVERIFY(page.sweepPanel()->result()->pythonText().contains(
            u"weight_quant=Int8WeightPerChannelFloat, weight_bit_width=6"));
        page.sweepPanel()->setGoal(20);
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QVERIFY(page.sweepPanel()->allocation()->bits < expected.bits);
        page.sweepPanel()->result()->apply();
        QVERIFY(QTest::qWaitFor([&] {
            return session.network()->layer("conv2")->slot("weight")->preset.starts_with("Int8WeightPerChannelFloat");
        }));
        for (const char *name : {"conv1", "conv2", "fc1", "fc2"})
            QVERIFY(session.network()->layer(name)->slot("weight")->quantizer->bitWidth.value() <= 5);
        QCOMPARE(session.undoStack().count(), 1);
    }

    void powerOfTwoAppliesToItsLayer()
    {
        Session session;
        ComparePage page(session);
        QVERIFY(show(session, page, "digits_float.pt", u"fc1"_s));
        page.showPart(ComparePage::PowerOfTwo);
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        auto *apply = page.findChild<QPushButton *>(u"apply-power"_s);
        const auto table = powerOfTwoTable(*session.network(), "fc1", Slot::Weight);
        const auto best = std::ranges::find_if(table->rows, &PowerRow::best);
        QVERIFY(best->lostDb > 0);
        QStringList notes;
        for (const auto *label : page.findChildren<QLabel *>())
            if (label->text().contains(u"power of two for the whole tensor"))
                notes << label->text();
        const QString said
            = u"fc1: the best power of two for the whole tensor, %1, loses %2 dB against float scales per "
              "channel. ap_fixed rounds half to even and saturates; its range is full."_s;
        QCOMPARE(notes, QStringList(said.arg(qs(best->result.name), QString::number(*best->lostDb, 'f', 1))));
        QVERIFY(apply->isEnabled());
        apply->click();
        QVERIFY(QTest::qWaitFor(
            [&] { return fixedType(*session.network()->layer("fc1")->slot("weight")->quantizer).has_value(); }));
    }

    /// Shift moves the left edge, Ctrl the right one: from <6,0> to <5,-1> to <6,-1>, which has 28.82 dB.
    void keysTryTypes()
    {
        Session session;
        DistributionPage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        BitWeightChart *chart = page.bitWeights();
        const auto figure
            = [&](const char *name) { return page.findChild<QLabel *>(u"figure-"_s + QLatin1String(name))->text(); };
        QTest::keyClick(chart, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(chart->wordLength(), 5);
        QCOMPARE(chart->integerBits(), -1);
        QCOMPARE(figure("type"), u"ap_fixed<5,-1>"_s);
        QTest::keyClick(chart, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(figure("type"), u"ap_fixed<6,-1>"_s);
        QVERIFY2(figure("sqnr").startsWith(u'~'), qPrintable(figure("sqnr")));
        QVERIFY(QTest::qWaitFor([&] { return page.trial()->exact(); }));
        QCOMPARE(figure("sqnr"), u"28.8 dB"_s);
        QCOMPARE(figure("would-be-clipped"), u"0.9 %"_s); // 43 of 4,608
        QCOMPARE(figure("saturated"), u"0"_s); // in the file nothing is at the limit
        QCOMPARE(figure("fractional-bits"), u"7"_s);
        auto *apply = page.findChild<QPushButton *>(u"apply-type"_s);
        QVERIFY(!apply->isHidden() && apply->isEnabled());
        QTest::keyClick(chart, Qt::Key_Left, Qt::ShiftModifier | Qt::ControlModifier);
        QCOMPARE(figure("type"), u"ap_fixed<6,0>"_s); // the file's own is narrow, and is what Escape brings back
        QTest::keyClick(chart, Qt::Key_Escape);
        QVERIFY(!chart->trying());
        QVERIFY(apply->isHidden());
        QCOMPARE(figure("sqnr"), u"26.8 dB"_s);
    }

    void mouseDragsTheWindow()
    {
        Session session;
        DistributionPage page(session);
        QVERIFY(show(session, page, "digits_fixed.pt", u"conv2"_s));
        BitWeightChart *chart = page.bitWeights();
        QVERIFY(QTest::qWaitFor([&] { return chart->width() > 300 && !chart->bars().empty(); }));
        // The grips are where the pointer changes: found from outside, as a person does.
        const int y = chart->height() / 2;
        std::vector<int> edges;
        for (int x = 0; x < chart->width(); ++x) {
            QTest::mouseMove(chart, QPoint(x, y));
            if (chart->cursor().shape() == Qt::SizeHorCursor && (edges.empty() || x - edges.back() > 20))
                edges.push_back(x);
        }
        QCOMPARE(edges.size(), std::size_t(2));
        const int column = (edges[1] - edges[0]) / 6; // six bits lie between them
        QTest::mousePress(chart, Qt::LeftButton, {}, QPoint(edges[0] + 7, y));
        QTest::mouseMove(chart, QPoint(edges[0] + 7 + column, y));
        QTest::mouseRelease(chart, Qt::LeftButton, {}, QPoint(edges[0] + 7 + column, y));
        QCOMPARE(chart->integerBits(), -1);
        QCOMPARE(chart->wordLength(), 5);
        QVERIFY(QTest::qWaitFor([&] { return page.trial()->exact(); }));
        page.findChild<QPushButton *>(u"apply-type"_s)->click();
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv2")->slot("weight")->preset == "ap_fixed<5,-1>"; }));
        QVERIFY(QTest::qWaitFor([&] { return !chart->trying(); }));
    }

    /// A float scale starts from the nearest fixed-point type.
    void triesOverAFloatScale()
    {
        Session session;
        DistributionPage page(session);
        QVERIFY(show(session, page, "digits_float.pt", u"fc1"_s));
        QCOMPARE(page.bitWeights()->wordLength(), 0);
        QTest::keyClick(page.bitWeights(), Qt::Key_Right, Qt::ControlModifier);
        QVERIFY(page.bitWeights()->wordLength() > 0);
        QVERIFY(QTest::qWaitFor([&] { return page.trial()->exact(); }));
    }

private:
    static bool show(Session &session, Page &page, const std::string &file, const QString &layer)
    {
        page.resize(1000, 800);
        page.show();
        if (!test::openAndWait(session, test::sample(file)))
            return false;
        session.selectLayers({layer});
        page.refreshNow();
        auto *compare = qobject_cast<ComparePage *>(&page);
        return compare == nullptr
            || QTest::qWaitFor(
                [&] { return compare->idle() && compare->candidates()->model().columnCount() > 1; }, 20000);
    }
    static QString chosen(ComparePage &page)
    {
        return qs(page.candidates()->model().column(page.candidates()->table()->chosen()).name);
    }
};

QTEST_MAIN(ComparePageTest)
#include "tst_compare_page.moc"
