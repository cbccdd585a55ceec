#include "charts/bar_chart.h"
#include "items/text.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_power.h"
#include "pages/distribution/distribution_page.h"
#include "pages/export/export_page.h"
#include "pages/overview/step_card.h"
#include "pages/parts/values_view.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "support.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

/// Counts how often it is brought up to date.
class CountingPage : public Page {
public:
    CountingPage(Session &session, bool statistics)
        : Page(session)
        , m_statistics(statistics)
    {
    }
    int count = 0;

protected:
    void refresh() override { ++count; }
    bool showsStatistics() const override { return m_statistics; }

private:
    bool m_statistics;
};

const QString kFound = u"|code| >= 15"_s;

/// The rows of the list of hits that are shown.
QStringList hits(const ValuesPage &page)
{
    const auto *list = page.findChild<QTableView *>(u"values-hits"_s);
    QStringList rows;
    for (int row = 0; list->isVisible() && row < list->model()->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < list->model()->columnCount(); ++column)
            cells << list->model()->index(row, column).data().toString();
        rows << cells.join(u" | "_s);
    }
    return rows;
}

std::vector<std::uint64_t> searched(ValuesPage &page)
{
    const SlotRef slot = page.model()->slot();
    return findElements(*slot.slot, *parseFindQuery(str(kFound), *slot.slot))->positions;
}

/// As the tensor has it; says so where other cells than those are framed.
QStringList expectedHits(ValuesPage &page)
{
    const SlotRef slot = page.model()->slot();
    const auto found = searched(page);
    const CodeChunk all = readChunk(slot, 0, slot.count());
    QStringList rows;
    for (const std::uint64_t flat : found)
        rows << u"[%1, %2, %3, %4] | %5 | %6"_s.arg(flat / 144)
                    .arg(flat / 9 % 16)
                    .arg(flat / 3 % 3)
                    .arg(flat % 3)
                    .arg(withMinus(QString::number(all.element(flat).code)))
                    .arg(storedText(all.element(flat).original));
    for (int row = 0; row < page.model()->rowCount(); ++row)
        for (int column = 0; column < page.model()->columnCount(); ++column) {
            const QModelIndex cell = page.model()->index(row, column);
            const bool isFound = std::ranges::binary_search(found, page.model()->flatAt(cell).value_or(0));
            if (cell.data(ValuesModel::HitRole).toBool() != isFound)
                return {u"the frames are of others"_s};
        }
    return rows;
}

/// Results are delivered by the event loop: without it whatever was started is still to come.
void deliver() { QTest::qWait(150); }

} // namespace

/// What is computed belongs to what it was started for: it is not shown beside, or taken for, what came after it.
class LateResultsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
        m_session.selectLayers({u"conv2"_s});
    }

    void aStepOfASlotThatIsGone()
    {
        StepCard card;
        card.show();
        card.setSlot(m_session.currentSlot());
        card.setSlot({});
        deliver();
        QCOMPARE(text(card, "step-code"), u"no label step-code"_s); // figures are made for a step
    }

    /// Largest error of conv2 is elsewhere: what was typed in the meantime counts.
    void aSearchThatIsOvertaken()
    {
        StepCard card;
        card.show();
        card.setSlot(m_session.currentSlot());
        auto *choice = card.findChild<Segmented *>();
        Q_EMIT choice->selected(2);
        auto *index = card.findChild<QLineEdit *>(u"step-index"_s);
        index->setText(u"685"_s);
        Q_EMIT index->editingFinished();
        deliver();
        QCOMPARE(index->text(), u"[4, 12, 0, 1]"_s);
        QCOMPARE(text(card, "step-code"), u"−19"_s);
        Q_EMIT choice->selected(2);
        Q_EMIT choice->selected(0);
        deliver();
        QCOMPARE(index->text(), u"[0, 0, 0, 0]"_s);
    }

    /// The element stays with its tensor through an edit; the largest error is looked for again.
    void aStepAfterAnEdit()
    {
        StepCard card;
        card.show();
        card.setSlot(m_session.currentSlot());
        auto *choice = card.findChild<Segmented *>();
        auto *index = card.findChild<QLineEdit *>(u"step-index"_s);
        index->setText(u"685"_s);
        Q_EMIT index->editingFinished();
        QTRY_COMPARE(text(card, "step-code"), u"−19"_s);
        QCOMPARE(choice->current(), -1);
        const auto edit = [&] {
            const auto before = m_session.network();
            m_session.applyChoices({{"conv2", Slot::Weight, "ap_fixed<5,0>", {}}}, u"five bits"_s);
            QTRY_VERIFY(m_session.network() != before && m_session.state() == Session::State::Ready);
            card.setSlot({});
            card.setSlot(m_session.currentSlot());
        };
        edit();
        const auto codeOf
            = [&](quint64 flat) { return wholeText(readChunk(m_session.currentSlot(), flat, 1).element(flat).code); };
        QTRY_COMPARE(text(card, "step-code"), codeOf(685));
        QCOMPARE(index->text(), u"[4, 12, 0, 1]"_s);
        m_session.undoStack().undo();
        QTRY_COMPARE(m_session.currentSlot().slot->quantizer->bitWidth, std::optional(6));
        card.setSlot(m_session.currentSlot());
        choice->setCurrent(2);
        Q_EMIT choice->selected(2);
        edit();
        const auto largest = findExtremes(*m_session.currentSlot().slot, {})->largestError;
        const Shape shape = m_session.currentSlot().slot->tensor->shape;
        QTRY_COMPARE(index->text(), indexText(unflatten(largest, shape)));
        QCOMPARE(choice->current(), 2);
        m_session.selectLayers({u"fc1"_s});
        card.setSlot(m_session.currentSlot());
        QTRY_COMPARE(index->text(), u"[0, 0]"_s);
        QCOMPARE(choice->current(), 0);
    }

    void hitsOfASearchThatWasCleared()
    {
        FindBar bar;
        bar.setSlot(m_session.currentSlot());
        bar.find(u"|code| >= 19"_s);
        bar.find({});
        deliver();
        QCOMPARE(text(bar, "values-found"), QString());
        QVERIFY(bar.result().positions.empty());
    }

    /// What was found is listed and framed, and looked for again in its tensor: after an edit, its undo and reading
    /// anew. The element that was looked at stays.
    void hitsStayWithTheirTensor()
    {
        ValuesPage page(m_session);
        page.show();
        page.refreshNow();
        page.findBar()->find(kFound);
        QTRY_COMPARE(hits(page), expectedHits(page));
        const QStringList before = hits(page);
        page.findChild<QTableView *>(u"values-hits"_s)->selectRow(2);
        const quint64 flat = searched(page)[2];
        QCOMPARE(page.model()->flatAt(page.view()->currentIndex()).value_or(0), flat);
        auto network = m_session.network();
        const auto stays = [&](int width) {
            QTRY_VERIFY(m_session.network() != network && m_session.state() == Session::State::Ready);
            network = m_session.network();
            page.refreshNow();
            QCOMPARE(page.model()->format().bits, width);
            QTRY_COMPARE(hits(page), expectedHits(page));
            QCOMPARE(page.model()->flatAt(page.view()->currentIndex()).value_or(0), flat);
        };
        m_session.applyChoices({{"conv2", Slot::Weight, "ap_fixed<5,0>", {}}}, u"five bits"_s);
        stays(5);
        QVERIFY(hits(page) != before);
        m_session.undoStack().undo();
        stays(6);
        QCOMPARE(hits(page), before);
        m_session.reload();
        stays(6);
        m_session.selectLayers({u"fc2"_s});
        page.refreshNow();
        QCOMPARE(hits(page), QStringList());
        QCOMPARE(page.findBar()->shownQuery(), QString());
        QCOMPARE(page.model()->flatAt(page.view()->currentIndex()).value_or(1), quint64(0));
    }

    void aMapOfATensorThatIsGone()
    {
        ValuesPage page(m_session);
        page.refreshNow();
        m_session.selectLayers({u"relu1"_s});
        page.refreshNow();
        QVERIFY(page.idle());
        deliver();
        QCOMPARE(text(page, "map-note"), QString());
    }

    /// A histogram does not replace the word that an activation has none, and is drawn again when its weight is back.
    void aHistogramOfASlotThatIsGone()
    {
        DistributionPage page(m_session);
        page.showChart(DistributionPage::Values);
        auto *chart = page.findChild<BarChart *>();
        m_session.selectLayers({u"relu1"_s});
        page.refreshNow();
        QVERIFY(page.idle());
        deliver();
        QVERIFY(chart->data().sets.empty());
        m_session.selectLayers({u"conv2"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QCOMPARE(elements(*chart), 4608.0); // 32 * 16 * 3 * 3
        m_session.selectLayers({u"relu1"_s});
        page.refreshNow();
        QVERIFY(chart->data().sets.empty());
        m_session.selectLayers({u"conv2"_s});
        page.refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }));
        QCOMPARE(elements(*chart), 4608.0);
    }

    void rowsOfAModelThatIsClosed()
    {
        ComparePage page(m_session);
        page.showPart(ComparePage::PowerOfTwo);
        QVERIFY(!page.power()->idle());
        m_session.close();
        page.refreshNow();
        deliver();
        QCOMPARE(page.power()->model().rowCount(), 0);
        QCOMPARE(text(page, "power-note"), QString());
    }

    /// Rows of one selection are not shown under another while its own are computed.
    void rowsOfAnotherSelection()
    {
        ComparePage page(m_session);
        page.showPart(ComparePage::PowerOfTwo);
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }, 20000));
        QVERIFY(page.power()->model().rowCount() > 0);
        m_session.selectLayers({u"fc1"_s});
        page.refreshNow();
        QCOMPARE(page.power()->model().rowCount(), 0);
        QCOMPARE(text(page, "power-note"), u"being computed…"_s);
        QVERIFY(!page.findChild<QPushButton *>(u"apply-power"_s)->isEnabled());
        deliver();
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }, 20000));
        QVERIFY(page.power()->model().rowCount() > 0);
    }

    void widthsOfAModelThatIsClosed()
    {
        ComparePage page(m_session);
        page.show();
        page.showPart(ComparePage::Sweep);
        QVERIFY(QTest::qWaitFor(
            [&] { return page.idle() && text(page, "sweep-result").startsWith(u"Fewest bits"); }, 60000));
        QVERIFY(page.findChild<QPushButton *>(u"apply-sweep"_s)->isEnabled());
        m_session.close();
        page.refreshNow();
        QCOMPARE(text(page, "sweep-result"), u"No widths yet"_s);
        QVERIFY(!page.findChild<QPushButton *>(u"apply-sweep"_s)->isEnabled());
    }

    /// The folder may be edited while files are written: the report names the one that has them.
    void theFolderThatWasWritten()
    {
        QTemporaryDir folder;
        ExportPage page(m_session);
        page.refreshNow();
        auto *edit = page.findChild<QLineEdit *>(u"export-folder"_s);
        const QString written = folder.filePath(u"one"_s), other = folder.filePath(u"two"_s);
        edit->setText(written);
        auto *write = page.findChild<QPushButton *>(u"export-write"_s);
        page.write();
        QCOMPARE(write->text(), u"Write 1 layer"_s);
        QVERIFY(!write->isEnabled());
        edit->setText(other);
        m_session.selectLayers({u"conv2"_s, u"fc2"_s});
        page.refreshNow();
        QVERIFY(!write->isEnabled()); // it still is
        QVERIFY(QTest::qWaitFor([&] { return page.idle(); }, 120000));
        QVERIFY(QFile::exists(written + u"/conv2.h"_s));
        QVERIFY2(text(page, "export-note").endsWith(u" in "_s + written)
                || text(page, "export-note").contains(written + u" "_s),
            qPrintable(text(page, "export-note")));
        QCOMPARE(write->text(), u"Write 2 layers"_s);
        QVERIFY(write->isEnabled());
    }

    /// A statistic that is finished concerns the page that shows its slot, once, and no other.
    void statisticsOfAnotherSlot()
    {
        CountingPage shows(m_session, true), ignores(m_session, false);
        for (CountingPage *page : {&shows, &ignores}) {
            page->show();
            page->count = 0;
        }
        ExportPage exports(m_session);
        exports.show();
        QVERIFY(QTest::qWaitFor([&] { return exports.idle(); }));
        auto &statistics = m_session.statistics();
        for (const char *layer : {"conv1", "fc1", "fc2"})
            Q_EMIT statistics.ready(QLatin1String(layer), u"weight"_s);
        Q_EMIT statistics.ready(u"conv2"_s, u"bias"_s);
        QCoreApplication::processEvents();
        QCOMPARE(shows.count, 0);
        for (int i = 0; i < 3; ++i)
            Q_EMIT statistics.ready(u"conv2"_s, u"weight"_s);
        QCoreApplication::processEvents();
        QVERIFY(exports.idle()); // the preview is not made again
        QCOMPARE(shows.count, 1);
        QCOMPARE(ignores.count, 0);
    }

private:
    static QString text(const QWidget &in, const char *objectName)
    {
        const auto *label = in.findChild<QLabel *>(QLatin1String(objectName));
        return label ? label->text() : u"no label "_s + QLatin1String(objectName);
    }
    static double elements(const BarChart &chart)
    {
        double sum = 0;
        for (const BarSet &set : chart.data().sets)
            for (const double value : set.values)
                sum += value;
        return sum;
    }

    Session m_session;
};

QTEST_MAIN(LateResultsTest)
#include "tst_late_results.moc"
