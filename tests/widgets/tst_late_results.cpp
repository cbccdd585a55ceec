#include "charts/bar_chart.h"
#include "pages/compare/compare_page.h"
#include "pages/compare/compare_power.h"
#include "pages/distribution/distribution_page.h"
#include "pages/export/export_page.h"
#include "pages/overview/step_card.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "support.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
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
        QCOMPARE(text(card, "step-code"), u"-19"_s);
        Q_EMIT choice->selected(2);
        Q_EMIT choice->selected(0);
        deliver();
        QCOMPARE(index->text(), u"[0, 0, 0, 0]"_s);
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
