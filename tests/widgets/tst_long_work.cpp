#include "look/theme.h"
#include "pages/export/export_page.h"
#include "session/export_folder.h"
#include "window_fixture.h"

#include <QCheckBox>
#include <QRegularExpression>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Long work has an owner: the window shows and stops it, whatever page is shown.
class LongWorkTest : public QObject, protected test::WindowFixture {
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
    }
    void cleanup() { m_window.reset(); }

    /// An export belongs to no page: every page shows it with a button to stop it, and Write stays Write.
    void exportsHaveAnOwner()
    {
        openModel();
        session().selectLayers({u"conv2"_s, u"fc1"_s});
        run(u"Ctrl+6"_s);
        auto *page = static_cast<ExportPage *>(m_window->pages()->page(PageId::Export));
        QCOMPARE(edit("export-folder")->text(), m_folder->filePath(u"m_hw"_s));
        edit("export-folder")->setText(u"mine"_s);
        QCOMPARE(label("export-absolute"), u"= "_s + m_folder->filePath(u"mine"_s));
        QCOMPARE(page->request().folder, str(m_folder->filePath(u"mine"_s)));
        QFile compiler(m_folder->filePath(u"cc"_s)); // takes its time, so that Esc comes first
        QVERIFY(compiler.open(QIODevice::WriteOnly) && compiler.write("#!/bin/sh\nexec sleep 20\n") > 0);
        compiler.close();
        QVERIFY(compiler.setPermissions(QFile::ReadOwner | QFile::ExeOwner));
        qputenv("CC", compiler.fileName().toUtf8());
        const auto restored = qScopeGuard([] { qunsetenv("CC"); });
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        run(u"Ctrl+E"_s);
        QVERIFY(button("export-write")->hasFocus());
        QTest::keyClick(button("export-write"), Qt::Key_Return);
        QVERIFY(session().exports().running());
        QVERIFY(button("export-cancel")->hasFocus()); // the next key does not fall to what comes behind
        QVERIFY(!button("export-write")->isEnabled());
        QCOMPARE(button("export-write")->text(), u"Write 2 layers"_s);
        QVERIFY(button("export-cancel")->isVisible());
        run(u"Ctrl+2"_s);
        QCOMPARE(label("status"), u"exporting m.pt to %1: 2 layers"_s.arg(m_folder->filePath(u"mine"_s)));
        QVERIFY(button("status-cancel")->isVisible());
        session().selectLayers({u"fc1"_s}); // says something else
        QVERIFY(label("status").startsWith(u"exporting m.pt"));
        answer(QMessageBox::Cancel);
        m_window->close();
        QVERIFY(m_window->isVisible());
        run(u"Esc"_s);
        QCOMPARE(label("status"), u"exporting m.pt to %1: stopping"_s.arg(m_folder->filePath(u"mine"_s)));
        run(u"Ctrl+6"_s);
        QCOMPARE(label("export-result"), u"stopping…"_s);
        QVERIFY(button("export-cancel")->isVisible());
        QVERIFY(!button("export-write")->isEnabled());
        QTRY_COMPARE(label("export-result"), u"cancelled; nothing was written"_s);
        QVERIFY(!session().exports().running());
        QVERIFY(!button("status-cancel")->isVisible());
        QVERIFY(!label("status").contains(u"exporting"));
        QTRY_VERIFY(button("export-write")->isEnabled() && !button("export-cancel")->isVisible());
        QVERIFY(!QFile::exists(m_folder->filePath(u"mine/manifest.json"_s)));
    }

    /// A cancel that comes when all files are there has stopped nothing, and what is on disk is told.
    void cancelledTooLate()
    {
        openModel();
        session().selectLayers({u"fc1"_s});
        run(u"Ctrl+6"_s);
        auto *page = static_cast<ExportPage *>(m_window->pages()->page(PageId::Export));
        for (auto *check : page->findChildren<QCheckBox *>())
            if (check->objectName().startsWith(u"format-"_s))
                check->setChecked(check->objectName() == u"format-mem-hex"_s);
        page->write();
        QVERIFY(session().exports().running());
        const QString folder = m_folder->filePath(u"m_hw"_s);
        for (int waited = 0; waited < 20000 && !QFile::exists(folder + u"/manifest.json"_s); waited += 10)
            QThread::msleep(10); // the window turns no further: it has not heard of the end
        QVERIFY(session().exports().running());
        run(u"Esc"_s);
        QCOMPARE(label("export-result"), u"stopping…"_s);
        QTRY_COMPARE(label("export-result"), u"✓ verified 8,192 elements"_s);
        qint64 bytes = 0;
        for (const QFileInfo &file : QDir(folder).entryInfoList(QDir::Files))
            bytes += file.size();
        QCOMPARE(label("export-note").section(u" · "_s, 0, 1),
            u"cancelled too late: all of it was written · 3 files, %1 in %2"_s.arg(
                byteText(static_cast<std::uint64_t>(bytes)), folder));
        QVERIFY(!session().exports().running() && !button("status-cancel")->isVisible());
        edit("export-folder")->setText(u"other"_s); // another folder
        edit("export-folder")->setText(folder);
        QCOMPARE(label("export-result"), u"✓ verified 8,192 elements"_s);
    }

    /// Files of another model lie in the folder: nothing is written over them unasked.
    void otherModelsFiles()
    {
        const QString folder = m_folder->filePath(u"hw"_s);
        QVERIFY(QDir().mkpath(folder));
        QCOMPARE(otherSourceIn(folder, m_model), QString());
        write(folder + u"/manifest.json"_s, R"({"schema": 1, "source": {"file": "other.pt"}})");
        QCOMPARE(otherSourceIn(folder, m_model), u"other.pt"_s);
        openModel();
        run(u"Ctrl+6"_s);
        auto *page = static_cast<ExportPage *>(m_window->pages()->page(PageId::Export));
        edit("export-folder")->setText(u"hw"_s);
        answer(QMessageBox::Cancel);
        page->write();
        QVERIFY(!session().exports().running());
        QStringList said, shown; // of the status bar, and on the page
        connect(&session().exports(), &ExportStore::progress, this, [&] {
            const QString text = label("status").section(u": "_s, 1);
            if (text == u"1 layer" || (!said.isEmpty() && said.last() == text))
                return;
            said << text;
            shown << label("export-result") + u' ' + label("export-note");
        });
        answer(QMessageBox::Save);
        page->write();
        QVERIFY(session().exports().running());
        QVERIFY(QTest::qWaitFor([&] { return page->idle(); }, 120000));
        QCOMPARE(said,
            (QStringList{u"writing conv1.h, 1 of 1"_s, u"compiling conv1.h, 1 of 1"_s, u"comparing conv1.h, 1 of 1"_s,
                u"compiling conv1.h, 1 of 1"_s}));
        QCOMPARE(shown, QStringList(said).replaceInStrings(QRegularExpression(u"^"_s), u"writing and verifying… "_s));
        QCOMPARE(otherSourceIn(folder, m_model), QString());
        QCOMPARE(exportFolder(m_model), u"hw"_s); // for the next time
        QVERIFY(button("export-open-folder")->isEnabled());
    }

    /// Every layer that can be written by one click, and the next key writes them.
    void allLayersByOneClick()
    {
        openModel();
        session().selectLayers({u"relu1"_s});
        run(u"Ctrl+6"_s);
        m_window->pages()->page(PageId::Export)->refreshNow();
        QCOMPARE(label("export-selection"), u"No selected layer has a quantized tensor: select layers on the left."_s);
        QCOMPARE(button("export-all")->text(), u"All 4"_s);
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        button("export-all")->click();
        QCOMPARE(session().selectedLayers(), (QStringList{u"conv1"_s, u"conv2"_s, u"fc1"_s, u"fc2"_s}));
        QCOMPARE(label("export-selection"), u"Layers: conv1, conv2, fc1, fc2"_s);
        QVERIFY(button("export-all")->isHidden());
        QVERIFY(button("export-write")->hasFocus() && button("export-write")->isEnabled());
        QCOMPARE(button("export-write")->text(), u"Write 4 layers"_s);
    }

    /// What is only proposed is not written, and that is said.
    void exportsAreWithoutProposals()
    {
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.recipe.toml")), m_recipe));
        openModel();
        session().selectLayers({u"conv2"_s});
        run(u"Ctrl+6"_s);
        QCOMPARE(label("export-doubts"), QString());
        for (const char *layer : {"fc1", "conv2"})
            session().proposals().propose({Proposal::of(layer, Slot::Weight, *parseCandidate("ternary"))});
        QTRY_COMPARE(label("export-doubts"), u"1 proposal not applied: what is written is without"_s);
        session().proposals().discardAll();
        QTRY_COMPARE(label("export-doubts"), QString());
    }

    /// Esc stops a sweep and a search.
    void escapeStopsThem()
    {
        openModel();
        run(u"Ctrl+5"_s);
        auto *compare = m_window->pages()->page(PageId::Compare);
        compare->showPart(1);
        QTRY_VERIFY(!compare->idle());
        run(u"Esc"_s);
        QTRY_VERIFY(compare->idle());
        QTest::qWait(100); // it does not begin again by itself
        QVERIFY(compare->idle());
        QVERIFY2(label("sweep-progress").endsWith(u" of 4 layers"), qPrintable(label("sweep-progress")));
    }
};

QTEST_MAIN(LongWorkTest)
#include "tst_long_work.moc"
