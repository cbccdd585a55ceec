#include "charts/bit_weight_chart.h"
#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "look/text_widths.h"
#include "look/theme.h"
#include "pages/distribution/codes_table.h"
#include "pages/distribution/distribution_page.h"
#include "pages/overview/overview_page.h"
#include "pages/overview/quantizer_card.h"
#include "pages/page.h"
#include "panels/lane_painter.h"
#include "panels/layer_delegate.h"
#include "panels/layers_panel.h"
#include "support.h"
#include "window/page_host.h"

#include <QFileInfo>
#include <QPainter>
#include <QTableView>
#include <QTemporaryDir>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What stays readable in which room.
class RoomTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
        QVERIFY(test::openAndWait(m_session, test::sample("digits_float.pt")));
    }
    void init() { test::failOnWarnings(); }

    /// How many lines share the last column is told in as many digits as the list needs.
    void numbersBesideTheLanes()
    {
        LaneCell cell;
        cell.columns = kMostLanes;
        const auto width = [&](unsigned most) {
            cell.mostFolded = most;
            return lanesWidth(cell);
        };
        QVERIFY(width(1) < width(2));
        QCOMPARE(width(2), width(99));
        QVERIFY(width(99) < width(100));
    }

    /// What is measured once is what Qt measures, of each font: asked first, and asked again.
    void widthsOfTexts_data()
    {
        QTest::addColumn<QFont>("font");
        QTest::newRow("sans") << Theme::sans();
        QTest::newRow("bold") << Theme::sans(1.0, true);
        QTest::newRow("larger") << Theme::sans(1.3);
        QTest::newRow("mono") << Theme::mono();
        QTest::newRow("small mono") << Theme::mono(0.85);
    }
    void widthsOfTexts()
    {
        QFETCH(QFont, font);
        const TextWidths widths(font), others(font);
        for (const QString &text : {u"backbone.stage3.block1.conv"_s, u"1.6·10⁻¹⁰"_s, u"–"_s, QString()})
            for (const TextWidths *asked : {&widths, &others})
                QCOMPARE(asked->of(text), QFontMetrics(font).horizontalAdvance(text));
    }

    /// The row that keys go from carries a mark on its left, three pixels wide; no other row does.
    void theFocusIsMarked()
    {
        LayerModel model;
        model.setInspection(m_session.inspection());
        const LayerDelegate delegate;
        const auto column = [&](bool focus, int at) {
            QImage image(200, 24, QImage::Format_RGB32);
            image.fill(Qt::black);
            QPainter painter(&image);
            QStyleOptionViewItem option;
            option.rect = image.rect();
            option.state = focus ? QStyle::State_HasFocus : QStyle::State_None;
            delegate.paint(&painter, option, model.index(0, LayerModel::Name));
            return image.pixelColor(at, 12);
        };
        for (const int at : {0, 1, 2}) {
            QCOMPARE(column(true, at), colours().accent);
            QCOMPARE(column(false, at), colours().panel);
        }
        QVERIFY(column(true, 3) != colours().accent);
    }

    void namesKeepTheirRoom_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("everything");
        QTest::newRow("window of 900") << 343 << false;
        QTest::newRow("window of 1100") << 419 << false;
        QTest::newRow("wide") << 700 << true;
    }
    void namesKeepTheirRoom()
    {
        QFETCH(int, width);
        QFETCH(bool, everything);
        LayersPanel panel(m_session);
        panel.resize(width, 500);
        panel.show();
        test::openAndWait(m_session, test::sample("digits_float.pt"));
        const auto *table = panel.findChild<QTableView *>(u"layers"_s);
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            const QString name = table->model()->index(row, LayerModel::Name).data().toString();
            QVERIFY2(QFontMetrics(Theme::sans()).horizontalAdvance(name) + 10 <= table->columnWidth(0),
                qPrintable(u"%1 in %2"_s.arg(name).arg(table->columnWidth(0))));
        }
        QVERIFY(!table->isColumnHidden(LayerModel::Bits));
        QCOMPARE(!table->isColumnHidden(LayerModel::Shape), everything);
    }

    /// Notes are no problems; what clips most weights is one.
    void problemsHaveAColumnWhereThereAreSome()
    {
        Session session;
        LayersPanel panel(session);
        panel.resize(1200, 500);
        panel.show();
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QTRY_VERIFY(session.statistics().idle());
        const auto *table = panel.findChild<QTableView *>(u"layers"_s);
        QVERIFY(!table->isColumnHidden(LayerModel::Shape));
        QVERIFY(table->isColumnHidden(LayerModel::Problems));
        session.applyChoices({{"conv2", Slot::Weight, "ap_fixed<4,-3>", {}}}, u"edit"_s);
        QTRY_VERIFY(!table->isColumnHidden(LayerModel::Problems));
    }

    /// The bar that keys are at has a frame, dots in the colour of text, and no other has.
    void theCurrentBarIsFramed()
    {
        const auto *statistics = m_session.statistics().get(slotRef(m_session.network(), "conv2", Slot::Weight).id());
        QVERIFY(statistics);
        BitWeightChart chart;
        chart.setData(&statistics->bitWeights, bitWindow(FixedType{6, 0, true}));
        chart.resize(700, 300);
        const auto dots = [&] {
            const QImage image = chart.grab().toImage();
            int count = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x)
                    count += image.pixelColor(x, y) == colours().text ? 1 : 0;
            return count;
        };
        const int before = dots();
        QTest::keyClick(&chart, Qt::Key_Right);
        const int framed = dots();
        QVERIFY2(framed > before, qPrintable(u"%1, before %2"_s.arg(framed).arg(before)));
    }

    /// Cards beside each other have room for what explains their values; one alone takes the whole width.
    void cards_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("beside");
        QTest::newRow("narrow") << u"conv1"_s << 640 << false;
        QTest::newRow("wide") << u"conv1"_s << 1100 << true;
        QTest::newRow("alone") << u"quant_inp"_s << 1100 << false;
    }
    void cards()
    {
        QFETCH(QString, layer);
        QFETCH(int, width);
        QFETCH(bool, beside);
        m_session.selectLayers({layer});
        OverviewPage page(m_session);
        page.resize(width, 800);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QCoreApplication::processEvents();
        int shown = 0;
        for (const QuantizerCard *card : page.findChildren<QuantizerCard *>()) {
            if (!card->isVisible())
                continue;
            ++shown;
            QVERIFY(card->width() >= card->minimumSizeHint().width());
            QVERIFY2(
                (card->width() > width * 3 / 4) != beside, qPrintable(u"%1 of %2"_s.arg(card->width()).arg(width)));
        }
        QVERIFY(shown > 0);
    }

    /// A low window scrolls the page before the chart and the table of codes get too low to read.
    void lowWindow()
    {
        m_session.selectLayers({u"conv2"_s});
        PageHost host(m_session);
        host.resize(560, 480);
        host.QWidget::show();
        host.show(PageId::Distribution);
        QCoreApplication::processEvents();
        const QWidget *page = host.page(PageId::Distribution);
        QVERIFY(page->findChild<BitWeightChart *>()->height() >= 200);
        QVERIFY(page->findChild<CodesTable *>()->isVisible());
        QVERIFY(page->findChild<CodesTable *>()->height() >= 160);
        host.resize(1000, 1000);
        QCoreApplication::processEvents();
        QCOMPARE(page->height(), page->parentWidget()->height()); // and a high one does not
    }

    /// The width of a page in a window of 900: what is wider is cut off.
    void narrowPages_data()
    {
        QTest::addColumn<PageId>("id");
        const char *const names[] = {"overview", "distribution", "values", "channels", "compare", "export", "recipe"};
        for (int page = 0; page < kPageCount; ++page)
            QTest::newRow(names[page]) << static_cast<PageId>(page);
    }
    void narrowPages()
    {
        QFETCH(PageId, id);
        m_session.selectLayers({u"conv2"_s});
        PageHost host(m_session);
        host.resize(557, 480);
        host.QWidget::show();
        host.show(id);
        QCoreApplication::processEvents();
        const QWidget *page = host.page(id);
        QVERIFY2(page->width() <= page->parentWidget()->width(),
            qPrintable(u"%1 of %2"_s.arg(page->width()).arg(page->parentWidget()->width())));
        QCOMPARE(host.width(), 557);
    }

    /// What a recipe is called, however long, is cut and whole in the tooltip; the page keeps its width.
    void longRecipeNames_data()
    {
        QTest::addColumn<QString>("beside");
        QTest::newRow("a recipe") << u"digits_float.recipe.toml"_s;
        QTest::newRow("taken from an export") << u"digits_float_qonnx.onnx"_s;
    }
    void longRecipeNames()
    {
        QFETCH(QString, beside);
        QTemporaryDir dir;
        const QString model = dir.filePath(u"a_model_with_%1"_s.arg(QString(60, u'x')));
        const QString second = model + beside.mid(u"digits_float"_s.size());
        QVERIFY(QFile::copy(qs(test::sample("digits_float.pt")), model + u".pt"_s));
        QVERIFY(QFile::copy(qs(test::sample(beside.toStdString())), second));
        Session session;
        QVERIFY(test::openAndWait(session, (model + u".pt"_s).toStdString()));
        PageHost host(session);
        host.resize(557, 480);
        host.QWidget::show();
        host.show(PageId::Recipe);
        QCoreApplication::processEvents();
        const QWidget *page = host.page(PageId::Recipe);
        QVERIFY2(page->width() <= page->parentWidget()->width(),
            qPrintable(u"%1 of %2"_s.arg(page->width()).arg(page->parentWidget()->width())));
        const auto *path = page->findChild<QLabel *>(u"recipe-path"_s);
        QVERIFY2(path->text().endsWith(QFileInfo(second).fileName()), qPrintable(path->text()));
        QVERIFY(path->toolTip().contains(QFileInfo(second).fileName()));
    }

    /// An activation has nothing to count, to find or to compare: no control that could do nothing is shown.
    void activationsHideWhatTheyLack_data()
    {
        QTest::addColumn<PageId>("id");
        QTest::addColumn<QString>("hidden");
        QTest::newRow("SQNR") << PageId::Distribution << u"figure-sqnr"_s;
        QTest::newRow("zoom") << PageId::Distribution << u"value-zoom"_s;
        QTest::newRow("find") << PageId::Values << u"values-find"_s;
        QTest::newRow("channels") << PageId::Channels << u"channels"_s;
    }
    void activationsHideWhatTheyLack()
    {
        QFETCH(PageId, id);
        QFETCH(QString, hidden);
        PageHost host(m_session);
        host.resize(900, 700);
        host.QWidget::show();
        host.show(id);
        if (id == PageId::Distribution)
            static_cast<DistributionPage *>(host.page(id))->showChart(DistributionPage::Values);
        for (const auto &[layer, shown] : {std::pair(u"conv2"_s, true), {u"quant_inp"_s, false}, {u"conv2"_s, true}}) {
            m_session.selectLayers({layer});
            QCoreApplication::processEvents();
            const auto *widget = host.page(id)->findChild<QWidget *>(hidden);
            QVERIFY(widget);
            QVERIFY2(widget->isVisible() == shown, qPrintable(layer));
        }
    }

private:
    Session m_session;
};

QTEST_MAIN(RoomTest)
#include "tst_room.moc"
