#include "charts/bit_weight_chart.h"
#include "charts/sweep_chart.h"
#include "lab/network_totals.h"
#include "look/theme.h"
#include "open/open_network.h"
#include "pages/compare/compare_candidates.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_table.h"
#include "pages/compare/sweep_panel.h"
#include "pages/compare/sweep_result.h"
#include "pages/distribution/compare_trial.h"
#include "pages/distribution/distribution_page.h"
#include "panels/layers_panel.h"
#include "window_fixture.h"

#include <QCheckBox>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What is tried for a layer stays with it until it is applied or discarded, and is never applied where it does not
/// fit.
class ProposalsTest : public QObject, protected test::WindowFixture {
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
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.recipe.toml")), m_recipe));
        openModel();
        session().selectLayers({u"conv2"_s});
    }
    void cleanup() { m_window.reset(); }

    /// A window that is dragged outlives J and K; its figures are the lab's own.
    void aDraggedTypeStays()
    {
        auto *page = static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution));
        page->bitWeights()->tryType({6, -1, true});
        QCOMPARE(listed(), QStringList{u"conv2 …"_s});
        QVERIFY(settled());
        QCOMPARE(listed(), QStringList{u"conv2 6 · 2⁻⁷"_s});
        go(u"J"_s, u"fc1"_s);
        QVERIFY(QTest::qWaitFor([&] { return page->idle() && !page->bitWeights()->trying(); }));
        page->bitWeights()->tryType({4, 1, true});
        go(u"K"_s, u"conv2"_s);
        QTRY_COMPARE(page->trial()->typeName(), u"ap_fixed<6,-1>"_s);
        QCOMPARE(proposed(), (QStringList{u"conv2 weight ap_fixed<6,-1>"_s, u"fc1 weight ap_fixed<4,1>"_s}));
        QVERIFY(settled());
        const auto lab = compareCandidates(*session().network(), {"conv2"}, {*parseCandidate("ap_fixed<6,-1>")});
        const SlotId conv2{session().network()->layer("conv2")->id, Slot::Weight};
        const SlotStatistics *figures = session().proposals().proposed()->inspection.of(conv2);
        QVERIFY(lab && figures);
        QCOMPARE(figures->error.sqnrDb(), lab->front().candidates[1].figures->error.sqnrDb());
        QTest::keyClick(page->bitWeights(), Qt::Key_Escape); // taken back
        QCOMPARE(proposed(), QStringList{u"fc1 weight ap_fixed<4,1>"_s});
    }

    /// Bits, blocks and the worst layer, by hand: conv1 144 · 6, conv2 4608 · 6, fc1 8192 · 4, fc2 640 · 8 weights and
    /// 16-bit biases; then conv2 in 3 bits.
    void totals()
    {
        const std::uint64_t biases = 16ull * (16 + 32 + 64 + 10);
        QCOMPARE(label("proposals-title"), u"0 proposals"_s);
        session().proposals().propose({made("conv2", "ap_fixed<3,-1>")});
        QVERIFY(settled());
        const Network &network = *session().network();
        std::uint64_t before = biases, after = biases;
        for (const char *name : {"conv1", "conv2", "fc1", "fc2"}) {
            const SlotQuantizer &slot = *network.layer(name)->slot(Slot::Weight);
            before += slot.tensor->count() * static_cast<std::uint64_t>(bits(name));
            after += slot.tensor->count() * (qs(name) == u"conv2" ? 3u : static_cast<std::uint64_t>(bits(name)));
        }
        QCOMPARE(label("proposals-title"), u"1 proposal"_s);
        QCOMPARE(label("proposals-in-force-bits"), groupedText(before));
        QCOMPARE(label("proposals-proposed-bits"), groupedText(after));
        const auto model = openNetwork(str(m_model));
        QVERIFY(model);
        const auto all
            = compareCandidates(*model, {"conv1", "conv2", "fc1", "fc2"}, {*parseCandidate("ap_fixed<3,-1>")});
        QVERIFY(all);
        std::pair<double, std::string> worst{1e9, {}};
        for (const SlotComparison &one : *all)
            worst = std::min(worst, {*one.candidates[0].figures->error.sqnrDb(), one.layer});
        QCOMPARE(label("proposals-in-force-worst"), decibelText(worst.first) + u' ' + qs(worst.second));
        QCOMPARE(label("proposals-proposed-worst"),
            decibelText((*all)[1].candidates[1].figures->error.sqnrDb()) + u" conv2"_s);
        QCOMPARE(label("proposals-in-force-blocks"), QString::number(totalsOf(session().inspection()).blocks));
        // conv2: 4608 words of 6 bits fill three of 2K x 9, of 3 bits two of 4K x 4.
        QCOMPARE(label("proposals-proposed-blocks"),
            QString::number(totalsOf(session().inspection()).blocks - blockRams(4608, 6) + 2));
        QCOMPARE(blockRams(4608, 6), std::uint64_t{3});
    }

    /// One step there and back, with what followed: the bias has the scale of its weight.
    void appliesAndDiscardsAsOneStep()
    {
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>"), made("fc1", "ternary")});
        QVERIFY(!button("apply-proposals")->isEnabled()); // what they do is not known yet
        QVERIFY(settled());
        QVERIFY(
            tipOf("conv2").startsWith(u"weight: ap_fixed<6,-1>, 6 bits, scale 2⁻⁷, 28.8 dB; the file has 6 bits, scale "
                                      u"2⁻⁶, 26.8 dB\nbias: follows, 16 bits, scale "_s));
        const auto before = session().network();
        button("discard-proposals")->click();
        QCOMPARE(proposed(), QStringList());
        QCOMPARE(session().undoStack().undoText(), u"discard 2 proposals"_s);
        session().undoStack().undo();
        QCOMPARE(proposed(), (QStringList{u"conv2 weight ap_fixed<6,-1>"_s, u"fc1 weight ternary"_s}));
        QVERIFY(settled());
        const Inspection wanted = session().proposals().proposed()->inspection;
        button("apply-proposals")->click();
        QCOMPARE(proposed(), QStringList());
        QVERIFY(QTest::qWaitFor([&] { return !session().recovering(); }));
        for (const Layer &layer : session().network()->layers) // what was shown is what came
            for (const SlotQuantizer &slot : layer.slots)
                QVERIFY2(sameCodes(slot, *wanted.network->layer(layer.name)->slot(slot.slot)), layer.name.c_str());
        QCOMPARE(session().undoStack().undoText(), u"apply 2 proposals"_s);
        session().undoStack().undo();
        QCOMPARE(proposed(), (QStringList{u"conv2 weight ap_fixed<6,-1>"_s, u"fc1 weight ternary"_s}));
        QVERIFY(QTest::qWaitFor([&] { return !session().recovering(); }));
        for (const Layer &layer : session().network()->layers)
            for (const SlotQuantizer &slot : layer.slots)
                QVERIFY2(sameCodes(slot, *before->layer(layer.name)->slot(slot.slot)), layer.name.c_str());
        QCOMPARE(proposed().size(), 2);
        session().undoStack().redo();
        QCOMPARE(proposed(), QStringList());
    }

    /// An edit elsewhere keeps them; one that says the same ends them; neither costs a word.
    void editsBeside()
    {
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>"), made("fc1", "ternary")});
        edit({"fc2", Slot::Weight, "binary", {}});
        QCOMPARE(proposed().size(), 2);
        edit({"conv2", Slot::Weight, "ap_fixed<6,-1>", {}});
        QCOMPARE(proposed(), QStringList{u"fc1 weight ternary"_s});
        edit({"fc1", Slot::Weight, "Int8WeightPerTensorFloat", {{"bit_width", "5"}}}); // something else is in force
        QCOMPARE(proposed(), QStringList{u"fc1 weight ternary"_s});
        QVERIFY(settled());
        QCOMPARE(session().proposals().dropped(), QString());
        QVERIFY(tipOf("fc1").contains(u"the file has 5 bits"_s));
    }

    void readAgain_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("left");
        QTest::addColumn<QString>("word");
        QTest::newRow("the same file") << "digits_fixed.pt" << u"conv2 weight ap_fixed<6,-1>"_s << QString();
        QTest::newRow("trained again") << "digits_float.pt" << QString()
                                       << u"conv2 weight: ap_fixed<6,-1> is dropped, its float weights have changed"_s;
    }
    void readAgain()
    {
        QFETCH(QString, file);
        QFETCH(QString, left);
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>")});
        QVERIFY(settled());
        QVERIFY(QFile::remove(m_model) && QFile::remove(m_recipe));
        QVERIFY(QFile::copy(QString::fromStdString(test::sample(str(file))), m_model));
        session().reload();
        QVERIFY(!button("apply-proposals")->isEnabled());
        QVERIFY(QTest::qWaitFor(
            [&] { return session().state() == Session::State::Ready && session().statistics().idle(); }));
        QVERIFY(QTest::qWaitFor([&] { return session().proposals().idle(); }));
        QCOMPARE(proposed().join(u','), left);
        QTEST(session().proposals().dropped(), "word");
    }

    void anotherModel()
    {
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>"), made("fc1", "ternary")});
        const QString other = m_folder->filePath(u"other.pt"_s);
        QVERIFY(QFile::copy(m_model, other));
        session().open(other);
        QVERIFY(QTest::qWaitFor([&] { return session().state() == Session::State::Ready; }));
        QCOMPARE(proposed(), QStringList());
        QCOMPARE(
            label("proposals-note"), u"▲ 2 proposals for m.pt went with it: proposals are no edits of its recipe"_s);
        session().open(m_model);
        QVERIFY(QTest::qWaitFor([&] { return session().state() == Session::State::Ready; }));
        QCOMPARE(proposed(), QStringList());
    }

    /// A file that says its quantizers itself takes none; what is tried there is tried alone.
    void whereNothingCanBeChosen()
    {
        session().open(QString::fromStdString(test::sample("digits_fixed_qonnx.onnx")));
        QVERIFY(QTest::qWaitFor(
            [&] { return session().state() == Session::State::Ready && session().statistics().idle(); }));
        session().selectLayers({u"conv2"_s});
        auto *page = static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution));
        QVERIFY(QTest::qWaitFor([&] { return page->idle() && page->bitWeights()->wordLength() > 0; }));
        page->bitWeights()->tryType({5, 0, true});
        page->refreshNow();
        QVERIFY(page->bitWeights()->trying());
        QCOMPARE(proposed(), QStringList());
    }

    /// A candidate that is clicked stays with its layer; the file's own column takes it back.
    void aCandidateStays()
    {
        ComparePage &page = compare();
        QVERIFY(page.candidates()->choose("ternary")); // nobody's choice
        QCOMPARE(proposed(), QStringList());
        click(page, "ternary");
        QCOMPARE(proposed(), QStringList{u"conv2 weight ternary"_s});
        session().selectLayers({u"fc1"_s});
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.candidates()->model().columnCount() > 3; }));
        QCOMPARE(chosen(page), best(page));
        session().selectLayers({u"conv2"_s});
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && chosen(page) == u"ternary"_s; }));
        session().proposals().propose({made("conv2", "ap_fixed<5,-1>")}); // dragged, say
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && chosen(page) == u"ap_fixed<5,-1>"_s; }));
        click(page, "file");
        QCOMPARE(proposed(), QStringList());
    }

    /// Each layer at its own width: nothing is cut to that of the first.
    void severalLayersKeepTheirWidths()
    {
        edit({"conv1", Slot::Weight, {}, {{"bit_width", "3"}}});
        ComparePage &page = compare();
        session().selectLayers({u"conv1"_s, u"fc2"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.idle() && page.candidates()->model().columnCount() > 3; }));
        QCOMPARE(bits("conv1"), 3);
        QVERIFY(bits("fc2") != 3);
        const std::string name = "Int8WeightPerTensorFloat, own width";
        QCOMPARE(page.candidates()->model().column(page.candidates()->model().columnOf(name)).subtitle,
            u"per tensor · own widths"_s);
        click(page, name);
        const QString own = bits("fc2") == 8 ? QString() : u",bit_width=%1"_s.arg(bits("fc2"));
        QCOMPARE(proposed(),
            (QStringList{u"conv1 weight Int8WeightPerTensorFloat,bit_width=3"_s,
                u"fc2 weight Int8WeightPerTensorFloat"_s + own}));
        QVERIFY(page.candidates()->model().columnOf("ap_fixed<W,I+1>, own width") > 0);
        QVERIFY(page.candidates()->model().columnOf("ternary") > 0);
    }

    void exactOnly()
    {
        ComparePage &page = compare();
        m_window->findChild<QCheckBox *>(u"compare-exact"_s)->setChecked(true);
        for (int column = 1; column < page.candidates()->model().columnCount(); ++column)
            QVERIFY(page.candidates()->model().column(column).fixedExact);
        QVERIFY(page.candidates()->model().columnCount() > 1);
        QVERIFY(page.candidates()->model().columnOf("ternary") < 0);
    }

    /// A dot of the front is proposed for every layer, as one step; dots after each other are one.
    void aDotIsProposed()
    {
        session().proposals().propose({made("conv2", "ternary")});
        ComparePage &page = compare();
        page.showPart(ComparePage::Sweep);
        QVERIFY(QTest::qWaitFor(
            [&] {
                return page.idle() && page.sweep().known({"conv1", "conv2", "fc1", "fc2"}) == 4;
            },
            60000));
        auto *front = frontChart();
        const auto inForce = allocationInForce(session().inspection(), {"conv1", "conv2", "fc1", "fc2"}, Slot::Weight);
        QVERIFY(inForce);
        QCOMPARE(front->data().lines.back().name, u"file"_s);
        QCOMPARE(front->data().lines.back().dots.front().x, static_cast<double>(inForce->bits) / 1000);
        QCOMPARE(front->data().lines.back().dots.front().y, *inForce->sqnrDb());
        Q_EMIT front->activated(0, 1);
        Q_EMIT front->activated(0, 2);
        QStringList wanted;
        for (const std::size_t i : page.sweepPanel()->allocation()->points) {
            const SweepPoint point = page.sweep().points({"conv1", "conv2", "fc1", "fc2"})[i];
            wanted << qs(point.layer) + u" weight "_s + qs(point.candidate);
        }
        QCOMPARE(proposed(), wanted);
        QCOMPARE(session().undoStack().count(), 1);
        QCOMPARE(session().undoStack().undoText(), u"propose widths of the front"_s);
        session().undoStack().undo();
        QCOMPARE(proposed(), QStringList{u"conv2 weight ternary"_s});
        button("propose-sweep")->click();
        QVERIFY(settled());
        QCOMPARE(label("proposals-title"), u"4 proposals"_s);
        std::uint64_t sum = 16ull * (16 + 32 + 64 + 10);
        QCOMPARE(label("proposals-proposed-bits"), groupedText(page.sweepPanel()->allocation()->bits + sum));
    }

    /// A bias with a scale of its own is said to be none of the sums any more.
    void aBiasOfItsOwn()
    {
        session().proposals().propose({made("conv2", "Int8BiasPerTensorFloatInternalScaling", Slot::Bias)});
        QVERIFY(settled());
        QVERIFY2(tipOf("conv2").contains(u"\n▲ a bias with a scale of its own: it no longer equals input times weight "
                                         u"scale, so that its codes cannot be added to the layer’s sums"_s),
            qPrintable(tipOf("conv2")));
        QVERIFY(listed().first().startsWith(u"conv2 bias 8 · "_s));
    }

private:
    static Proposal made(const std::string &layer, const std::string &candidate, Slot slot = Slot::Weight)
    {
        return Proposal::of(layer, slot, *parseCandidate(candidate));
    }
    bool settled()
    {
        return QTest::qWaitFor(
            [&] {
                return session().proposals().idle() && session().proposals().proposed()
                    && session().statistics().idle();
            },
            20000);
    }
    QStringList proposed()
    {
        QStringList lines;
        for (const Proposal &proposal : session().proposals().all())
            lines << qs(proposal.choice.layer) + u' ' + qs(proposal.choice.slot) + u' ' + qs(proposal.candidate);
        return lines;
    }
    QString cell(int row, Qt::ItemDataRole role)
    {
        return m_window->layers()->model()->index(row, LayerModel::Proposed).data(role).toString();
    }
    /// Rows of the list in which the column says something.
    QStringList listed()
    {
        QStringList lines;
        for (int row = 0; row < m_window->layers()->model()->rowCount(); ++row)
            if (!cell(row, Qt::DisplayRole).isEmpty())
                lines << m_window->layers()->model()->nameAt(row) + u' ' + cell(row, Qt::DisplayRole);
        return lines;
    }
    QString tipOf(const char *layer)
    {
        return cell(m_window->layers()->model()->rowOf(QLatin1String(layer)), Qt::ToolTipRole);
    }
    void go(const QString &key, const QString &layer)
    {
        for (int i = 0; i < 20 && session().selectedLayers() != QStringList{layer}; ++i)
            run(key);
        QCOMPARE(session().selectedLayers(), QStringList{layer});
    }
    void edit(const SlotChoice &choice)
    {
        session().applyChoices({choice}, u"edit"_s);
        QVERIFY(QTest::qWaitFor([&] { return !session().recovering() && session().statistics().idle(); }));
    }
    ComparePage &compare()
    {
        run(u"Ctrl+5"_s);
        auto *page = static_cast<ComparePage *>(m_window->pages()->page(PageId::Compare));
        if (!QTest::qWaitFor([&] { return page->idle() && page->candidates()->model().columnCount() > 3; }, 20000))
            qWarning("no candidates");
        return *page;
    }
    static void click(ComparePage &page, const std::string &candidate)
    {
        CompareTable *table = page.candidates()->table();
        const int column = page.candidates()->model().columnOf(candidate);
        QVERIFY(column >= 0);
        const auto views = table->findChildren<QTableView *>();
        for (QTableView *view : views)
            if (!view->isColumnHidden(column))
                Q_EMIT view->clicked(view->model()->index(2, column));
    }
    static QString chosen(const ComparePage &page)
    {
        const int column = page.candidates()->table()->chosen();
        return column < 0 ? QString() : qs(page.candidates()->model().column(column).name);
    }
    /// The highest SQNR that an ap_fixed holds, at the file's width.
    static QString best(const ComparePage &page)
    {
        const CompareModel &model = page.candidates()->model();
        int found = -1;
        for (int at = 1; at < model.columnCount(); ++at)
            if (model.column(at).fixedExact && model.column(at).hasErrors
                && model.column(at).width == model.column(0).width
                && (found < 0
                    || model.column(at).number(CompareFigure::Sqnr) > model.column(found).number(CompareFigure::Sqnr)))
                found = at;
        return found < 0 ? QString() : qs(model.column(found).name);
    }
    SweepChart *frontChart() { return m_window->findChild<SweepPanel *>()->findChildren<SweepChart *>().last(); }
};

QTEST_MAIN(ProposalsTest)
#include "tst_proposals.moc"
