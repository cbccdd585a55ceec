#include "look/theme.h"
#include "pages/distribution/distribution_page.h"
#include "pages/export/export_page.h"
#include "pages/parts/values_view.h"
#include "pages/start/start_page.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "support.h"
#include "window/actions.h"
#include "window/main_window.h"

#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QTableWidget>

using namespace quantscope;
using namespace Qt::StringLiterals;

class WindowTest : public QObject {
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
        Settings::clearRecent();
        m_window = std::make_unique<MainWindow>();
        m_window->show();
    }
    void cleanup() { m_window.reset(); }

    void startsWithSamples()
    {
        QVERIFY(m_window->startPage()->isVisible());
        QVERIFY(!m_window->findChild<QPushButton *>(u"export-layers"_s)->isVisible());
        auto *samples = m_window->startPage();
        QStringList words;
        for (const auto *label : samples->findChildren<QLabel *>())
            words << label->text();
        const qsizetype keys = words.indexOf(u"move"_s) - 5;
        QCOMPARE(words.mid(keys, 11).join(u' '),
            u"Ctrl O open ↑ ↓ move Enter open the marked file F1 all keys without a window:"_s);
        QSignalSpy asked(samples, &StartPage::openRequested);
        QTest::keyClick(m_window->focusWidget() ? m_window->focusWidget() : samples, Qt::Key_Return);
        if (asked.isEmpty()) // without a window manager nothing has the focus
            for (auto *button : samples->findChildren<QPushButton *>())
                if (button->text() == u"digits_fixed.pt")
                    button->click();
        QVERIFY(QTest::qWaitFor([&] { return m_window->session().state() == Session::State::Ready; }));
        m_window->session().close();
        QVERIFY(samples->isVisible());
        QTRY_COMPARE(samples->findChild<QTableWidget *>(u"recent"_s)->rowCount(), 1);
    }

    void failureNamesTheFile()
    {
        m_window->open(u"/no/such/model.onnx"_s);
        QVERIFY(QTest::qWaitFor([&] { return m_window->session().state() == Session::State::Failed; }));
        QVERIFY(text("start-error").contains(u"/no/such/model.onnx"));
        QVERIFY(m_window->findChild<QLabel *>(u"start-error"_s)->isVisible());
    }

    void showsTheSamplesNumbers()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        QCOMPARE(text("header-dialect"), u"Brevitas state_dict"_s);
        QCOMPARE(text("header-weights"), u"13,706"_s);
        QCOMPARE(text("header-bits"), u"68.6 kbit"_s);
        m_window->showPage(PageId::Distribution);
        QTRY_COMPARE(text("figure-sqnr"), u"26.8 dB"_s);
        QCOMPARE(text("figure-type"), u"ap_fixed<6,0>"_s);
        QCOMPARE(text("figure-scale"), u"2⁻⁶"_s);
        QCOMPARE(text("figure-fractional-bits"), u"6"_s);
        QCOMPARE(text("figure-range"), u"±0.484"_s);
        QCOMPARE(text("figure-saturated"), u"0"_s);
        QCOMPARE(text("figure-rounded-to-0"), u"5.7 %"_s);
        QCOMPARE(text("figure-codes-used"), u"38 / 63"_s);
        QVERIFY(text("provenance").contains(u"bit_width = 6"));
    }

    void overviewShowsFieldsAndSteps()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        m_window->showPage(PageId::Overview);
        QTRY_COMPARE(text("weight-scale"), u"2⁻⁶"_s);
        QCOMPARE(text("weight-bits"), u"6"_s);
        QCOMPARE(text("weight-range"), u"±0.484375"_s);
        QCOMPARE(text("bias-type"), u"ap_fixed<16,4>"_s);
        QCOMPARE(text("input-type"), u"ap_ufixed<8,2>"_s);
        QTRY_COMPARE(text("step-code"), u"−2"_s);
        QCOMPARE(text("step-float"), u"−0.024354761"_s);
        QCOMPARE(text("step-binary"), u".111110"_s);
        QCOMPARE(text("step-sum"), u"−2⁻¹ + 2⁻² + 2⁻³ + 2⁻⁴ + 2⁻⁵ = −0.03125"_s);
        auto *index = m_window->findChild<QLineEdit *>(u"step-index"_s);
        index->setText(u"685"_s);
        Q_EMIT index->editingFinished();
        QTRY_COMPARE(text("step-code"), u"−19"_s);
        QCOMPARE(index->text(), u"[4, 12, 0, 1]"_s);
    }

    void everyPageOfEverySample_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
            {"digits_fixed.pt", "digits_float.pt", "digits_fixed_qonnx.onnx", "digits_float_qonnx.onnx",
                "digits_fixed_qcdq.onnx", "digits_float_qcdq.onnx", "digits_fixed_qcdq.ts.pt"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void everyPageOfEverySample()
    {
        QFETCH(QString, name);
        m_window->open(QString::fromStdString(test::sample(str(name))));
        QVERIFY(QTest::qWaitFor([&] {
            return m_window->session().state() == Session::State::Ready && m_window->session().statistics().idle();
        }));
        auto *layers = m_window->layers();
        for (int row = 0; row < layers->model()->rowCount(); ++row) {
            m_window->session().selectLayers({layers->model()->nameAt(row)});
            for (int page = 0; page < kPageCount; ++page) {
                m_window->showPage(static_cast<PageId>(page));
                for (int chart = 0; chart < 3 && page == 1; ++chart)
                    static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution))->showChart(chart);
                QCoreApplication::processEvents();
            }
        }
        m_window->setTheme(ThemeChoice::Dark);
        m_window->setTheme(ThemeChoice::Light);
    }

    /// Texts that carry a colour follow the theme; the network is the same.
    void aThemeIsNoNewNetwork()
    {
        openSample("digits_float.pt", u"conv2"_s);
        m_window->showPage(PageId::Distribution);
        QTRY_VERIFY(text("provenance").contains(Theme::light().green.name()));
        QSignalSpy networks(&m_window->session(), &Session::networkChanged);
        m_window->setTheme(ThemeChoice::Dark);
        QTRY_VERIFY(text("provenance").contains(Theme::dark().green.name()));
        QVERIFY(!text("provenance").contains(Theme::light().green.name()));
        m_window->showPage(PageId::Overview);
        const auto *word = m_window->findChild<QLabel *>(u"header-recipe"_s);
        QCOMPARE(word->palette().color(QPalette::WindowText), Theme::dark().green);
        m_window->setTheme(ThemeChoice::Light);
        QCOMPARE(word->palette().color(QPalette::WindowText), Theme::light().green);
        QCOMPARE(networks.count(), 0);
    }

    void keysMoveBetweenLayersAndPages()
    {
        openSample("digits_fixed.pt", u"conv1"_s);
        run(u"J"_s);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"relu1"_s});
        run(u"J"_s);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"conv2"_s});
        run(u"K"_s);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"relu1"_s});
        for (int page = 0; page < kPageCount; ++page) {
            run(u"Ctrl+%1"_s.arg(page + 1));
            QCOMPARE(static_cast<int>(m_window->pages()->current()), page);
        }
        QTest::keyClick(m_window->layers()->table(), Qt::Key_Down);
        QCOMPARE(m_window->session().selectedLayers(), QStringList{u"conv2"_s});
        auto *filter = m_window->findChild<QLineEdit *>(u"filter"_s);
        filter->setText(u"bits<8"_s);
        QCOMPARE(m_window->layers()->table()->model()->rowCount(), 3);
        run(u"Esc"_s);
        QCOMPARE(m_window->layers()->table()->model()->rowCount(), 8);
        run(u"Ctrl+E"_s); // from where a space writes
        QCOMPARE(m_window->pages()->current(), PageId::Export);
        QCOMPARE(m_window->focusWidget()->objectName(), u"export-write"_s);
    }

    void noKeyIsUsedTwice()
    {
        QStringList keys;
        for (const ActionRow &row : actionTable())
            for (const QKeySequence &key : row.keys)
                keys << key.toString();
        keys.sort();
        QVERIFY2(keys.removeDuplicates() == 0, qPrintable(keys.join(u' ')));
    }

    void valuesFindAndCopy()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        m_window->showPage(PageId::Values);
        auto *page = static_cast<ValuesPage *>(m_window->pages()->page(PageId::Values));
        QTRY_COMPARE(text("element-decimal"), u"−2"_s);
        page->findBar()->find(u"|code| >= 19"_s);
        QTRY_COMPARE(text("values-found"), u"4 in the tensor: |code| >= 19"_s);
        page->goTo(685);
        QTRY_COMPARE(text("element-decimal"), u"−19"_s);
        QCOMPARE(text("element-title"), u"weight[4, 12, 0, 1]"_s);
        QCOMPARE(text("element-hex"), u"0x2D"_s);
        QCOMPARE(text("element-binary"), u".101101"_s);
        QCOMPARE(text("element-value"), u"−0.296875"_s);
        QCOMPARE(text("element-float"), u"−0.30169073"_s);
        QCOMPARE(text("element-lsb"), u"0.308"_s);
        page->copy(CopyForm::Tsv);
        QTRY_COMPARE(text("values-copied"), u"Copied 144 as"_s);
        const QStringList rows = QApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(rows.size(), 16);
        QCOMPARE(rows[12].section(u'\t', 0, 2), u"2\t-19\t-8"_s); // the row of the drawing
        QCOMPARE(page->model()->form(), ValueForm::Decimal);
        page->nextForm();
        QCOMPARE(page->model()->form(), ValueForm::Hex);
    }

    void exportsWithProof()
    {
        QTemporaryDir folder;
        openSample("digits_fixed.pt", u"conv2"_s);
        m_window->session().selectLayers({u"conv2"_s, u"fc2"_s});
        QCOMPARE(m_window->findChild<QPushButton *>(u"export-layers"_s)->text(), u"Export 2 layers"_s);
        m_window->showPage(PageId::Export);
        auto *page = static_cast<ExportPage *>(m_window->pages()->page(PageId::Export));
        QTRY_COMPARE(text("layout-index-ohwi"), u"((o*3+h)*3+w)*16+i"_s);
        m_window->findChild<QLineEdit *>(u"export-folder"_s)->setText(folder.path());
        page->write();
        QVERIFY(QTest::qWaitFor([&] { return page->idle(); }, 120000));
        QVERIFY2(text("export-result").contains(u"verified"), qPrintable(text("export-result")));
        QVERIFY(QFile::exists(folder.filePath(u"conv2.h"_s)) && QFile::exists(folder.filePath(u"manifest.json"_s)));
    }

    void dropsOpen()
    {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(test::sample("digits_float.pt")))});
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &drop);
        QVERIFY(QTest::qWaitFor([&] { return m_window->session().state() == Session::State::Ready; }));
    }

    void everyControlHasAName()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        for (int page = 0; page < kPageCount; ++page) {
            m_window->showPage(static_cast<PageId>(page));
            for (auto *widget : m_window->findChildren<QWidget *>()) {
                const bool control = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QLineEdit *>(widget)
                    || qobject_cast<QTableView *>(widget);
                if (!control || !widget->isVisible() || widget->objectName().startsWith(u"qt_")
                    || qobject_cast<QAbstractSpinBox *>(widget->parentWidget())
                    || widget->metaObject()->className() == QByteArray("QTableCornerButton")
                    || qobject_cast<QLineEdit *>(widget->parentWidget())
                    || qobject_cast<QTabBar *>(widget->parentWidget()))
                    continue;
                const auto *button = qobject_cast<QAbstractButton *>(widget);
                QVERIFY2(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()),
                    widget->metaObject()->className());
            }
        }
    }

    /// No page makes the window grow, and none is wider than the room it has: its left side would be cut off.
    void smallWindows_data()
    {
        QTest::addColumn<QSize>("size");
        QTest::newRow("small") << QSize(1024, 700);
        QTest::newRow("smallest") << QSize(900, 600);
    }
    void smallWindows()
    {
        QFETCH(QSize, size);
        m_window->resize(1440, 900);
        openSample("digits_float.pt", u"conv2"_s);
        QCoreApplication::processEvents();
        const int left = m_window->layers()->width();
        m_window->resize(size);
        QCoreApplication::processEvents();
        for (int page = 0; page < kPageCount; ++page) {
            m_window->showPage(static_cast<PageId>(page));
            QCoreApplication::processEvents();
            const auto *shown = m_window->pages()->page(static_cast<PageId>(page));
            QVERIFY2(m_window->size() == size,
                qPrintable(u"page %1 wants a height of %2"_s.arg(page).arg(shown->minimumSizeHint().height())));
            QVERIFY2(shown->minimumSizeHint().width() <= shown->width(),
                qPrintable(u"page %1: %2 of %3"_s.arg(page).arg(shown->minimumSizeHint().width()).arg(shown->width())));
        }
        QVERIFY(m_window->layers()->width() < size.width() * 2 / 5);
        m_window->resize(1440, 900);
        QCoreApplication::processEvents();
        QCOMPARE(m_window->layers()->width(), left);
    }

    /// What cannot be found is said under the fields, which keep their width, until it is put right.
    void valuesSayWhatIsWrong_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("wrong");
        QTest::addColumn<QString>("reason");
        QTest::addColumn<QString>("right");
        QTest::newRow("find") << u"values-find"_s << u"banana"_s << u"use code, |code|, w"_s << u"code = 3"_s;
        QTest::newRow("index") << u"values-index"_s << u"[99,0,0,0]"_s << u"last element is [31, 15, 2, 2]"_s
                               << u"[31, 15, 2, 2]"_s;
    }
    void valuesSayWhatIsWrong()
    {
        QFETCH(QString, field);
        QFETCH(QString, wrong);
        QFETCH(QString, reason);
        QFETCH(QString, right);
        openSample("digits_fixed.pt", u"conv2"_s);
        m_window->showPage(PageId::Values);
        auto *edit = m_window->findChild<QLineEdit *>(field);
        auto *problem = m_window->findChild<QLabel *>(u"values-problem"_s);
        const int width = edit->width();
        const QString tip = edit->toolTip();
        QTRY_COMPARE(text("element-decimal"), u"−2"_s); // nothing that arrives later puts the index back
        edit->setText(wrong);
        QTest::keyClick(edit, Qt::Key_Return);
        QCoreApplication::processEvents();
        QVERIFY2(problem->isVisible() && problem->text().contains(reason), qPrintable(problem->text()));
        QVERIFY(edit->property("wrong").toBool());
        auto *page = static_cast<ValuesPage *>(m_window->pages()->page(PageId::Values));
        Q_EMIT page->model()->cache().chunkReady(0, 1); // the numbers of the element shown arrive once more
        QVERIFY2(problem->isVisible() && problem->text().contains(reason), qPrintable(problem->text()));
        QVERIFY2(edit->toolTip().contains(reason), qPrintable(edit->toolTip()));
        QCOMPARE(edit->width(), width);
        edit->setText(right);
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(!problem->isVisible() && !edit->property("wrong").toBool());
        QCOMPARE(edit->toolTip(), tip);
    }

    void statusTellsOfTheFilter()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        auto *filter = m_window->findChild<QLineEdit *>(u"filter"_s);
        const QString before = text("status");
        filter->setText(u"bits<"_s);
        QVERIFY(text("status") != before);
        filter->setText(u"zebra"_s);
        QCOMPARE(text("status"), u"no layer matches the filter"_s);
        filter->setText(u"conv"_s);
        QCOMPARE(text("status"), before);
    }

    /// weight|bias stands before the tabs, for the eye and for Tab.
    void tensorsComeBeforeThePages()
    {
        openSample("digits_fixed.pt", u"conv2"_s);
        const QWidget *tabs = m_window->findChild<QWidget *>(u"tabs"_s);
        bool seen = false;
        for (QWidget *widget = m_window->layers()->table(); widget != tabs; widget = widget->nextInFocusChain())
            seen = seen || widget->accessibleName() == u"Tensor: bias"_s;
        QVERIFY(seen);
    }

private:
    void openSample(const char *name, const QString &layer)
    {
        m_window->open(QString::fromStdString(test::sample(name)));
        QVERIFY(QTest::qWaitFor([&] {
            return m_window->session().state() == Session::State::Ready && m_window->session().statistics().idle();
        }));
        m_window->session().selectLayers({layer});
    }
    QString text(const char *objectName) const
    {
        const auto *label = m_window->findChild<QLabel *>(QLatin1String(objectName));
        return label ? label->text() : u"no label "_s + QLatin1String(objectName);
    }
    /// What a key does, without depending on which window the platform calls active.
    void run(const QString &key)
    {
        for (const ActionRow &row : actionTable())
            if (row.keys.contains(QKeySequence(key)))
                return row.run(*m_window);
        QFAIL("no such key");
    }

    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(WindowTest)
#include "tst_window.moc"
