#include "charts/sweep_chart.h"
#include "look/theme.h"
#include "pages/overview/quantizer_card.h"
#include "pages/recipe/recipe_page.h"
#include "pages/start/start_page.h"
#include "support.h"
#include "window/page_host.h"

#include <QGridLayout>
#include <QLabel>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Texts that wrap get their lines, and what stands beside each other stands in line.
class WholeTextsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }
    void init() { test::failOnWarnings(); }

    void pages_data()
    {
        QTest::addColumn<PageId>("id");
        QTest::addColumn<int>("part");
        QTest::addColumn<QSize>("size");
        for (const QSize size : {QSize(615, 560), QSize(860, 760)})
            for (const PageRow &row : pageTable())
                for (int part = 0; part < (row.id == PageId::Compare ? 4 : 1); ++part)
                    QTest::addRow("%s %d of %d", qPrintable(row.picture), part, size.width()) << row.id << part << size;
    }
    /// In windows of 1024 and 1440 pixels.
    void pages()
    {
        QFETCH(PageId, id);
        QFETCH(int, part);
        QFETCH(QSize, size);
        m_session.selectLayers({u"conv2"_s});
        PageHost host(m_session);
        host.resize(size);
        host.QWidget::show();
        host.show(id);
        if (id == PageId::Compare)
            host.page(id)->showPart(part);
        QTRY_VERIFY(host.page(id)->idle());
        QTest::qWait(50); // what was found out is laid out
        QCOMPARE(cutLabels(host), QStringList());
        for (const SweepChart *chart : host.findChildren<SweepChart *>())
            if (chart->isVisible())
                QVERIFY2(chart->height() <= chart->parentWidget()->height(), qPrintable(chart->accessibleName()));
    }

    void start()
    {
        StartPage page;
        page.resize(1024, 640);
        page.show();
        QCoreApplication::processEvents();
        QCOMPARE(cutLabels(page), QStringList());
    }

    /// Values, words and what explains them begin at the same places in all cards.
    void cardsStandInLine_data()
    {
        QTest::addColumn<int>("width");
        QTest::newRow("beside each other") << 860;
        QTest::newRow("below each other") << 600;
    }
    void cardsStandInLine()
    {
        QFETCH(int, width);
        m_session.selectLayers({u"conv2"_s});
        PageHost host(m_session);
        host.resize(width, 760);
        host.QWidget::show();
        host.show(PageId::Overview);
        QCoreApplication::processEvents();
        QStringList places;
        for (const auto *card : host.findChildren<QuantizerCard *>()) {
            if (!card->isVisible())
                continue;
            const auto *grid = card->findChild<QGridLayout *>();
            QStringList of;
            for (int column = 1; column < 4; ++column)
                of << QString::number(grid->cellRect(0, column).left());
            places << of.join(u' ');
        }
        QCOMPARE(places.size(), 4);
        QCOMPARE(places.removeDuplicates(), 3);
    }

    /// Names of layers are what tells the rows of quantizers apart: types and where presets come from give way.
    void namesOfTheRecipe()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("dpu/orders.xmodel")));
        RecipePage page(session);
        page.resize(826, 700);
        page.show();
        QTRY_VERIFY(page.table()->model()->rowCount() > 0);
        const int room = page.table()->columnWidth(QuantizerModel::Layer);
        for (int row = 0; row < page.table()->model()->rowCount(); ++row) {
            const QString name = page.table()->model()->index(row, QuantizerModel::Layer).data().toString();
            QVERIFY2(QFontMetrics(Theme::sans()).horizontalAdvance(name) < room, qPrintable(name));
        }
    }

private:
    static QStringList cutLabels(const QWidget &within)
    {
        QStringList cut;
        for (const auto *label : within.findChildren<QLabel *>())
            if (label->isVisible() && label->wordWrap() && label->height() < label->heightForWidth(label->width()))
                cut << u"%1: %2 of %3"_s.arg(label->text())
                           .arg(label->height())
                           .arg(label->heightForWidth(label->width()));
        return cut;
    }

    Session m_session;
};

QTEST_MAIN(WholeTextsTest)
#include "tst_whole_texts.moc"
