#include "charts/bar_chart.h"
#include "charts/bit_weight_chart.h"
#include "charts/chart_actions.h"
#include "look/controls.h"
#include "look/names.h"
#include "look/powers.h"
#include "look/table_copy.h"
#include "look/theme.h"
#include "pages/distribution/distribution_page.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "window_fixture.h"

#include <QClipboard>
#include <QHelpEvent>
#include <QTableView>
#include <QToolTip>
#include <QtCharts/QChartView>

#include <numeric>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Every figure leads to its elements, and out of the window to other programs.
class FiguresLeadTest : public QObject, protected test::WindowFixture {
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
        m_model = QString::fromStdString(test::sample("digits_fixed.pt"));
        openModel();
    }
    void cleanup() { m_window.reset(); }

    /// What a bar counts is what its query finds, bar by bar.
    void barsFindWhatTheyCount_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("chart");
        for (const char *layer : {"conv2", "fc1"})
            for (const int chart : {DistributionPage::Values, DistributionPage::Codes})
                QTest::addRow("%s %d", layer, chart) << QString::fromLatin1(layer) << chart;
    }
    void barsFindWhatTheyCount()
    {
        QFETCH(QString, layer);
        QFETCH(int, chart);
        session().selectLayers({layer});
        auto *page = distribution();
        page->showChart(chart);
        const auto *bars = barChart(chart);
        QTRY_VERIFY(page->idle() && !bars->data().sets.empty());
        const SlotQuantizer &slot = *session().currentSlot().slot;
        const BarData &data = bars->data();
        const std::size_t sets
            = chart == DistributionPage::Codes ? 2 : data.sets.size(); // without marks of unused codes
        double sum = 0;
        for (std::size_t bar = 0; bar < data.sets.front().values.size(); ++bar) {
            double count = 0;
            for (std::size_t set = 0; set < sets; ++set)
                count += data.sets[set].values[bar];
            sum += count;
            const std::string query = str(data.query(bar));
            const auto parsed = parseFindQuery(query, slot);
            QVERIFY2(parsed, query.c_str());
            QVERIFY2(findElements(slot, *parsed)->count == static_cast<std::uint64_t>(count), query.c_str());
        }
        QCOMPARE(sum, static_cast<double>(slot.tensor->count()));
    }

    void bitWeightsFindWhatTheyCount()
    {
        session().selectLayers({u"fc1"_s});
        auto *chart = distribution()->bitWeights();
        QTRY_VERIFY(!chart->bars().empty());
        const SlotQuantizer &slot = *session().currentSlot().slot;
        for (const BitBar &bar : chart->bars()) {
            const std::string query = str(barQuery(bar, u"|w|"_s));
            QCOMPARE(findElements(slot, *parseFindQuery(query, slot))->count, bar.count());
        }
        Q_EMIT chart->activated(4);
        const QString read
            = u": |w| >= 2^%1 and |w| < 2^%2"_s.arg(chart->bars()[4].exponent).arg(chart->bars()[4].exponent + 1);
        QTRY_VERIFY2(label("values-found").endsWith(read), qPrintable(label("values-found")));
        QCOMPARE(m_window->pages()->current(), PageId::Values);
    }

    /// Other selected layers are lines over the bars, as shares of their own elements.
    void severalLayers()
    {
        session().selectLayers({u"fc1"_s, u"conv1"_s, u"conv2"_s});
        auto *chart = distribution()->bitWeights();
        QTRY_COMPARE(chart->overlays().size(), std::size_t(2));
        QCOMPARE(chart->overlays()[0].name, u"conv1"_s);
        const auto network = session().network();
        for (const BitOverlay &overlay : chart->overlays()) {
            const SlotRef slot = slotRef(network, str(overlay.name), Slot::Weight);
            const std::vector<double> shares = overlayShares(overlay, chart->bars());
            const auto total = static_cast<double>(slot.count());
            for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
                const auto query = parseFindQuery(str(barQuery(chart->bars()[i], u"|w|"_s)), *slot.slot);
                QCOMPARE(shares[i] * total, static_cast<double>(findElements(*slot.slot, *query)->count));
            }
            QCOMPARE(std::accumulate(shares.begin(), shares.end(), 0.0),
                1.0 - static_cast<double>(overlay.histogram.zeros) / total);
        }
        session().selectLayers({u"fc1"_s});
        QTRY_VERIFY(chart->overlays().empty());
    }

    /// A click on a bar, not a drag of the window over it.
    void clicksAreNoDrags()
    {
        session().selectLayers({u"conv2"_s});
        auto *chart = distribution()->bitWeights();
        QTRY_VERIFY(!chart->bars().empty());
        QSignalSpy clicked(chart, &BitWeightChart::activated);
        const BitWeightGeometry g = bitWeightGeometry(chart->bars(), chart->size());
        const QPoint at(static_cast<int>(g.plot.left() + 3.5 * g.column), static_cast<int>(g.plot.center().y()));
        QTest::mousePress(chart, Qt::LeftButton, {}, at);
        QTest::mouseMove(chart, at + QPoint(static_cast<int>(g.column), 0));
        QTest::mouseRelease(chart, Qt::LeftButton, {}, at + QPoint(static_cast<int>(g.column), 0));
        QCOMPARE(clicked.count(), 0);
        chart->resetType();
        QTest::mouseClick(chart, Qt::LeftButton, {}, at);
        QCOMPARE(clicked.count(), 1);
        QCOMPARE(clicked[0][0].toInt(), 3);
    }

    /// A figure, a channel and a problem are queries too.
    void figuresChannelsAndProblems()
    {
        session().selectLayers({u"fc1"_s});
        distribution();
        auto *figure = m_window->findChild<QLabel *>(u"figure-saturated"_s);
        QTRY_COMPARE(figure->text(), u"1.3 %"_s);
        QTest::mouseClick(figure, Qt::LeftButton);
        QTRY_COMPARE(
            label("values-found"), u"%1 in the tensor: at limit"_s.arg(session().currentStatistics()->atLimit));
        run(u"Ctrl+4"_s);
        auto *channels = m_window->findChild<QTableView *>(u"channels"_s);
        QTRY_COMPARE(channels->model()->rowCount(), 64);
        Q_EMIT channels->activated(channels->model()->index(5, 0));
        QTRY_COMPARE(label("values-found"), u"128 in the tensor: channel = 5"_s);
        QCOMPARE(label("element-title"), u"weight[5, 0]"_s);
        Q_EMIT m_window->problems()->activated(ProblemPlace{"conv1", u"bias"_s, u"code < 0"_s});
        QTRY_VERIFY(label("values-found").endsWith(u"in the tensor: code < 0"));
        QCOMPARE(session().currentLayer()->name, std::string("conv1"));
        QCOMPARE(session().currentSlot().slot->slot, Slot::Bias);
    }

    /// A tip stays while the pointer rests: the question for the widget's own tooltip does not take it away.
    void tipsStay()
    {
        session().selectLayers({u"conv2"_s});
        auto *page = distribution();
        page->showChart(DistributionPage::Codes);
        auto *chart = barChart(DistributionPage::Codes);
        QTRY_VERIFY(page->idle() && !chart->data().sets.empty());
        QWidget *viewport = chart->findChild<QChartView *>()->viewport();
        for (QWidget *asked : {viewport, static_cast<QWidget *>(page->bitWeights())}) {
            page->showChart(asked == viewport ? DistributionPage::Codes : DistributionPage::BitWeights);
            QCoreApplication::processEvents();
            const QPoint middle = asked->rect().center();
            QMouseEvent move(QEvent::MouseMove, middle, asked->mapToGlobal(middle), Qt::NoButton, Qt::NoButton, {});
            QApplication::sendEvent(asked, &move);
            QVERIFY(QToolTip::isVisible());
            QHelpEvent help(QEvent::ToolTip, middle, asked->mapToGlobal(middle));
            QApplication::sendEvent(asked, &help);
            QTest::qWait(500); // a tip that is taken away goes after 0.3 s
            QVERIFY(QToolTip::isVisible() && !QToolTip::text().isEmpty());
            QToolTip::hideText();
            QTRY_VERIFY(!QToolTip::isVisible());
        }
    }

    /// What a picture is of stands in it; it is offered beside the model.
    void picturesSayWhatTheyShow()
    {
        session().selectLayers({u"conv2"_s});
        auto *chart = distribution()->bitWeights();
        QTRY_VERIFY(!chart->bars().empty());
        const ChartCaption caption = chart->actions()->caption();
        QCOMPARE(caption.title, u"conv2 weight: bit weights"_s);
        QCOMPARE(caption.detail, u"digits_fixed.pt · ap_fixed<6,0> · scale 2⁻⁶"_s);
        QCOMPARE(caption.folder, QFileInfo(m_model).path());
        QCOMPARE(caption.name, u"digits_fixed-conv2-weight-bit_weights"_s);
        QVERIFY(chart->actions()->image().height() > 2 * (chart->height() + 40)); // title, detail and legend
        const QString path = m_folder->filePath(u"bits.svg"_s);
        QCOMPARE(chart->actions()->saveSvg(path), QString());
        const QByteArray svg = read(path);
        for (const char *text : {"conv2 weight: bit weights", "digits_fixed.pt", "rounds to 0"})
            QVERIFY2(svg.contains(text), text);
    }

    /// Ctrl+C: what is selected, with its header, as programs read it.
    void tablesCopy()
    {
        auto *layers = m_window->layers()->table();
        m_window->resize(2400, 900);
        m_window->layers()->resize(1200, 600);
        QCoreApplication::processEvents();
        session().selectLayers({u"conv2"_s, u"fc1"_s});
        QTest::keyClick(layers, Qt::Key_C, Qt::ControlModifier);
        const QStringList lines = QApplication::clipboard()->text().split(u'\n');
        QCOMPARE(lines.size(), 4);
        QVERIFY2(lines[0].startsWith(u"Layer\t") && lines[0].contains(u"\tBits\tScale"), qPrintable(lines[0]));
        QVERIFY2(lines[1].startsWith(u"conv2\t") && lines[1].contains(u"\t6\t2^-6"), qPrintable(lines[1]));
        QVERIFY2(lines[2].startsWith(u"fc1\t") && lines[2].contains(u"\t4\t2^-5"), qPrintable(lines[2]));
        run(u"Ctrl+4"_s);
        session().selectLayers({u"fc1"_s});
        auto *channels = m_window->findChild<QTableView *>(u"channels"_s);
        QTRY_COMPARE(channels->model()->rowCount(), 64);
        channels->selectRow(0);
        const QString text = tableText(*channels);
        QVERIFY2(text.startsWith(u"Channel\tScale\tFrac. bits\t"), qPrintable(text));
        QVERIFY2(text.section(u'\n', 1, 1).startsWith(u"0\t2^-5\t5\t"), qPrintable(text));
        QCOMPARE(text.count(u'\n'), 2);
    }

    void numbersForPrograms()
    {
        QCOMPARE(plainExponents(u"ap 2⁻⁶ … 2¹²"_s), u"ap 2^-6 … 2^12"_s);
        QVERIFY(hasExponent(u"2⁻⁶"_s) && !hasExponent(u"2^-6"_s));
        const QFont font = Theme::mono();
        // Two raised digits of 80 % each behind one of full size.
        const double digit = exponentsAdvance(font, u"2"_s);
        QVERIFY(std::abs(exponentsAdvance(font, u"2¹²"_s) - digit * 2.6) < 2);
        QTableWidget table(1, 4);
        setUpTable(&table, u"t"_s);
        table.setHorizontalHeaderLabels({u"a"_s, u"b"_s, u"c"_s, u"d"_s});
        const QString cells[] = {u"2,079"_s, u"1,204 (3.1 %)"_s, u"64,128 × 3"_s, u"−19"_s};
        for (int column = 0; column < 4; ++column)
            table.setItem(0, column, new QTableWidgetItem(cells[column]));
        QCOMPARE(tableText(table), u"a\tb\tc\td\n2079\t1204 (3.1 %)\t64,128 × 3\t-19\n"_s);
        table.setColumnHidden(1, true);
        table.clearSelection();
        table.setSelectionBehavior(QAbstractItemView::SelectItems);
        table.item(0, 3)->setSelected(true);
        QCOMPARE(tableText(table), u"d\n-19\n"_s);
    }

    /// At 1024 pixels the element's forms are hidden, and come when they are called.
    void theElementInANarrowWindow()
    {
        m_window->resize(1024, 700);
        session().selectLayers({u"conv2"_s});
        run(u"Ctrl+3"_s);
        QCoreApplication::processEvents();
        auto *title = m_window->findChild<QLabel *>(u"element-title"_s);
        QVERIFY(!title->isVisible() && button("values-element")->isVisible());
        button("values-element")->click();
        QVERIFY(title->isVisible());
        button("values-element")->click();
        QVERIFY(!title->isVisible());
        m_window->resize(1440, 900);
        QTRY_VERIFY(title->isVisible() && !button("values-element")->isVisible());
    }

    /// Without a layer the file is told as a whole; its worst layers lead to themselves.
    void theWholeModel()
    {
        run(u"Ctrl+0"_s);
        auto *title = m_window->findChild<QLabel *>(u"model-title"_s);
        QVERIFY(title && title->isVisible());
        QCOMPARE(title->text(), u"digits_fixed.pt"_s);
        QCOMPARE(label("model-facts"),
            u"Brevitas state_dict · pytorch-checkpoint · %1 · 8 layers · 13,706 weights + biases · 68.6 kbit"_s.arg(
                byteText(static_cast<std::uint64_t>(QFileInfo(m_model).size()))));
        QVERIFY(!m_window->findChild<QWidget *>(u"tabs"_s)->isVisible());
        QCOMPARE(listed(u"model-noisiest"_s),
            (QStringList{u"fc1 18.9 dB"_s, u"conv2 26.8 dB"_s, u"fc2 40.7 dB"_s, u"conv1 43.1 dB"_s}));
        QCOMPARE(listed(u"model-saturated"_s), QStringList{u"fc1 1.3 %"_s});
        QCOMPARE(listed(u"model-wasteful"_s).last(), u"conv2 25 of 63"_s);
        for (auto *link : m_window->findChild<QWidget *>(u"model-noisiest"_s)->findChildren<QPushButton *>())
            if (link->text() == u"conv2")
                link->click();
        QCOMPARE(session().selectedLayers(), QStringList{u"conv2"_s});
        QVERIFY(!title->isVisible() && m_window->findChild<QWidget *>(u"tabs"_s)->isVisible());
        run(u"Ctrl+Shift+A"_s);
        QCOMPARE(session().selectedLayers().size(), 8);
        run(u"Ctrl+0"_s);
        for (int page = 0; page < kPageCount; ++page)
            m_window->pages()->page(static_cast<PageId>(page))->refreshNow(); // without a layer
        session().close();
    }

    /// Five lines over the bars; what is left out is counted. Links keep what tells their layers apart.
    void manyLayers()
    {
        session().selectLayers({u"fc1"_s});
        distribution();
        QStringList notes;
        for (const auto *found : m_window->findChildren<ElidedLabel *>())
            if (found->text().contains(u"binary point"_s))
                notes << found->text().section(u" · "_s, -2, -2);
        QCOMPARE(notes, QStringList{u"binary point 1 bit before the 4 of the word"_s}); // ap_fixed<4,-1>
        m_model = QString::fromStdString(test::data("brevitas/0.10.2/lstm_only.pt"));
        openModel();
        QStringList weights;
        for (const Layer &layer : session().network()->layers)
            if (layer.slot(Slot::Weight))
                weights << qs(layer.name);
        QCOMPARE(weights.size(), 8);
        session().selectLayers(weights);
        auto *chart = distribution()->bitWeights();
        QTRY_COMPARE(chart->overlays().size(), std::size_t(5));
        for (std::size_t i = 0; i < 5; ++i)
            QCOMPARE(chart->overlays()[i].name, weights[static_cast<qsizetype>(i) + 1]);
        QCOMPARE(label("zeros"), u"0 exact zeros of 12 · 2 selected layers not drawn"_s);
        session().selectLayers(weights.mid(0, 6));
        distribution();
        QCOMPARE(label("zeros"), u"0 exact zeros of 12"_s);
        m_window->resize(1024, 700);
        run(u"Ctrl+0"_s);
        const auto cut = [&] { // until the page has its place and its rows
            QStringList texts;
            for (auto *link : m_window->findChild<QWidget *>(u"model-noisiest"_s)->findChildren<QPushButton *>())
                if (const QString &name = link->accessibleName();
                    link->text() != name && link->text() == elidedName(link->fontMetrics(), name, link->width() - 18))
                    texts << link->text();
            return texts.size();
        };
        QTRY_COMPARE(cut(), qsizetype(5));
    }

    /// Raised exponents are wider than the characters of the font: lines break where those that are painted end.
    void exponentsWrap()
    {
        ExponentLabel label;
        label.setTextFormat(Qt::PlainText);
        label.setText(u"scale = 2⁻⁶ · 2⁻⁶ = 2⁻¹²\nvalue"_s);
        QCOMPARE(label.linesIn(1), (QStringList{u"scale = 2⁻⁶ · 2⁻⁶ = 2⁻¹²"_s, u"value"_s}));
        label.setWordWrap(true);
        const double first = exponentsAdvance(label.font(), u"scale = 2⁻⁶ · 2⁻⁶"_s);
        QCOMPARE(label.linesIn(first), (QStringList{u"scale = 2⁻⁶ · 2⁻⁶"_s, u"= 2⁻¹²"_s, u"value"_s}));
        QCOMPARE(label.linesIn(first - 1), (QStringList{u"scale = 2⁻⁶ ·"_s, u"2⁻⁶ = 2⁻¹²"_s, u"value"_s}));
        QCOMPARE(label.heightForWidth(static_cast<int>(std::ceil(first))), 3 * label.fontMetrics().lineSpacing());
    }

    /// The index of an element on the clipboard is a number.
    void indicesAreCopiedPlain()
    {
        session().selectLayers({u"fc1"_s});
        run(u"Ctrl+3"_s);
        auto *page = static_cast<ValuesPage *>(m_window->pages()->page(PageId::Values));
        page->goTo(2079);
        QTRY_COMPARE(label("element-title"), u"weight[16, 31]"_s);
        for (auto *copy : page->findChildren<QPushButton *>())
            if (copy->text() == u"Copy")
                copy->click();
        const QString text = QApplication::clipboard()->text();
        QVERIFY2(text.contains(u"\t2079\n") && !text.contains(u"2,079"), qPrintable(text));
    }

private:
    /// "fc1 18.9 dB": links with their values.
    QStringList listed(const QString &card) const
    {
        QStringList rows;
        const auto *list = m_window->findChild<QWidget *>(card);
        const auto links = list->findChildren<QPushButton *>();
        const auto labels = list->findChildren<QLabel *>();
        for (qsizetype i = 0; i < links.size(); ++i)
            rows << links[i]->text() + u' ' + labels[labels.size() - links.size() + i]->text();
        return rows;
    }
    DistributionPage *distribution()
    {
        run(u"Ctrl+2"_s);
        auto *page = static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution));
        page->refreshNow();
        return page;
    }
    BarChart *barChart(int chart) const
    {
        const QString name = chart == DistributionPage::Values ? u"Value histogram"_s : u"Code histogram"_s;
        for (auto *found : m_window->findChildren<BarChart *>())
            if (found->accessibleName() == name)
                return found;
        return nullptr;
    }
};

QTEST_MAIN(FiguresLeadTest)
#include "tst_figures_lead.moc"
