#include "look/table_copy.h"
#include "pages/values/element_panel.h"
#include "window/page_host.h"
#include "window_fixture.h"

#include <QClipboard>
#include <QTableView>
#include <QTableWidget>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// The window writes a minus as people read it; what it copies has the hyphen that programs read.
class MinusShownTest : public QObject, protected test::WindowFixture {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
        m_window->resize(1440, 900);
    }
    void cleanup() { m_window.reset(); }

    void texts_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown");
        QTest::newRow("a code") << u"-8 is never used"_s << u"−8 is never used"_s;
        QTest::newRow("a range") << u"clamp(x, -127, 127), (-3)"_s << u"clamp(x, −127, 127), (−3)"_s;
        QTest::newRow("powers") << u"2^-6 and -2^-3"_s << u"2⁻⁶ and −2⁻³"_s;
        QTest::newRow("a small number") << u"scale 7.9e-13"_s << u"scale 7.9e−13"_s;
        QTest::newRow("a type") << u"ap_fixed<4,-1>"_s << u"ap_fixed<4,-1>"_s;
        QTest::newRow("what is typed") << u"I=-1, --bits, conv-1, 2026-11-27"_s
                                       << u"I=-1, --bits, conv-1, 2026-11-27"_s;
    }
    void texts()
    {
        QFETCH(QString, text);
        QTEST(withPowers(text), "shown");
    }

    void numbers()
    {
        const QStringList shown{floatText(-0.5), storedText(-2e-9f), numberText(-1234.5), fixedText(-0.2576, 3),
            inwardText(-12.345, 3), wholeText(-2147483648LL), wholeText(INT64_MIN)};
        QCOMPARE(shown,
            (QStringList{u"−0.5"_s, u"−2e−09"_s, u"−1234.5"_s, u"−0.258"_s, u"−12.3"_s, u"−2,147,483,648"_s,
                u"−9,223,372,036,854,775,808"_s}));
    }

    void pages_data()
    {
        QTest::addColumn<PageId>("page");
        for (const PageRow &row : pageTable())
            QTest::newRow(qPrintable(row.picture)) << row.id;
    }
    /// Labels with their tips and tables of a page, and the list beside it.
    void pages()
    {
        QFETCH(PageId, page);
        openSample();
        session().selectLayers({u"fc1"_s});
        m_window->showPage(page);
        QTRY_VERIFY(session().statistics().idle() && m_window->pages()->page(page)->idle());
        QCOMPARE(hyphens(), QStringList());
        QVERIFY(m_minuses > 0); // the list has integer bits below zero
    }

    void copies()
    {
        openSample();
        session().selectLayers({u"conv2"_s});
        for (const PageId page : {PageId::Channels, PageId::Values}) {
            m_window->showPage(page);
            QTRY_VERIFY(session().statistics().idle() && m_window->pages()->page(page)->idle());
            for (const auto *table : m_window->findChildren<QTableView *>())
                if (table->isVisible())
                    QVERIFY2(!tableText(*table).contains(u'−'), qPrintable(tableText(*table)));
        }
        auto *element = m_window->findChild<ElementPanel *>();
        QTRY_VERIFY2(element->text().contains(QRegularExpression(u"\\ncode\\t-\\d"_s)), qPrintable(element->text()));
        QVERIFY2(!element->text().contains(QRegularExpression(u"−\\d"_s)), qPrintable(element->text()));
    }

    void cells_data()
    {
        QTest::addColumn<QString>("cell");
        QTest::addColumn<QString>("copied");
        QTest::newRow("a range of codes") << u"−32,768 … 32,767"_s << u"-32768 … 32767"_s;
        QTest::newRow("used of all") << u"1,204/65,536"_s << u"1204/65536"_s;
        QTest::newRow("a small number") << u"−1.19e−03"_s << u"-1.19e-03"_s;
        QTest::newRow("without bounds") << u"−inf"_s << u"-inf"_s;
        QTest::newRow("not known") << u"–"_s << u"–"_s;
    }
    void cells()
    {
        QFETCH(QString, cell);
        QTEST(copiedCell(cell), "copied");
    }

    /// The table of candidates is copied by its own key.
    void copiedCandidates()
    {
        openSample();
        session().selectLayers({u"fc1"_s});
        m_window->showPage(PageId::Compare);
        auto *table = m_window->findChild<QTableView *>(u"candidates"_s);
        QVERIFY(table);
        QTRY_VERIFY(m_window->pages()->page(PageId::Compare)->idle());
        QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
        const QString copied = QApplication::clipboard()->text();
        QVERIFY2(copied.startsWith(u"figure\tfile\t"_s) && copied.contains(u"e-0"_s), qPrintable(copied));
        QVERIFY2(!copied.contains(u'−'), qPrintable(copied));
    }

private:
    /// Shown texts with a hyphen before a number; how many have a minus is counted.
    QStringList hyphens()
    {
        static const QRegularExpression hyphen(u"(?<![^\\s(\\[±])-\\d|\\de-\\d"_s);
        QStringList texts, wrong;
        for (const auto *label : m_window->findChildren<QLabel *>())
            if (label->isVisible())
                texts << label->text() << label->toolTip();
        for (const auto *table : m_window->findChildren<QTableView *>())
            for (const QString &line : table->isVisible() ? test::printed(*table->model(), 50) : QStringList())
                texts << line;
        m_minuses = texts.filter(QRegularExpression(u"−\\d"_s)).size();
        for (const QString &text : texts)
            if (text.contains(hyphen))
                wrong << text;
        return wrong;
    }

    qsizetype m_minuses = 0;
};

QTEST_MAIN(MinusShownTest)
#include "tst_minus_shown.moc"
