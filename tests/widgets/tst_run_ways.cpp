#include "run/result_message.h"
#include "support/run_helper.h"
#include "window_fixture.h"

#include <QDropEvent>
#include <QMimeData>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

QByteArray arrayFile(const char *descr, const char *shape, const QByteArray &elements)
{
    QByteArray dict = QByteArray("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    dict.append(117 - dict.size(), ' ').append('\n');
    return QByteArray("\x93NUMPY\x01\0\x76\0", 10) + dict + elements;
}

QByteArray same(qsizetype count, float value)
{
    QByteArray out;
    for (qsizetype i = 0; i < count; ++i)
        out.append(reinterpret_cast<const char *>(&value), sizeof value);
    return out;
}

} // namespace

/// How data come to the window beside its menus, and what runs may keep.
class RunWaysTest : public QObject, private test::WindowFixture {
    Q_OBJECT

    RunStore &runs() { return session().runs(); }
    bool settled()
    {
        return QTest::qWaitFor([&] { return !runs().running(); }, 60000) && (QTest::qWait(20), true);
    }
    void openSample(const char *name)
    {
        m_window->open(qs(test::sample(name)));
        QVERIFY(QTest::qWaitFor(
            [&] { return session().state() == Session::State::Ready && session().statistics().idle(); }, 20000));
    }

private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    void droppedTogether_data()
    {
        QTest::addColumn<bool>("open"); // a model is there before
        QTest::addColumn<QStringList>("files");
        QTest::addColumn<QString>("shown"); // model | second | recipe | samples | labels
        QTest::addColumn<QString>("says");
        QTest::newRow("data and labels") << true << QStringList{u"x.npy"_s, u"y.npy"_s}
                                         << u"m.pt |  |  | x.npy | y.npy"_s << QString();
        QTest::newRow("labels and data") << true << QStringList{u"y.npy"_s, u"x.npy"_s}
                                         << u"m.pt |  |  | x.npy | y.npy"_s << QString();
        QTest::newRow("a model and data") << false << QStringList{u"digits.npz"_s, u"b.pt"_s}
                                          << u"b.pt |  |  | digits.npz:images | digits.npz:labels"_s << QString();
        QTest::newRow("another model, data and labels") << true << QStringList{u"digits.npz"_s, u"b.pt"_s, u"y.npy"_s}
                                                        << u"b.pt |  |  | digits.npz:images | y.npy"_s << QString();
        QTest::newRow("two models and a recipe")
            << true << QStringList{u"b.pt"_s, u"r.toml"_s, u"c.pt"_s} << u"b.pt | c.pt | r.toml |  | "_s << QString();
        QTest::newRow("a recipe and data")
            << true << QStringList{u"r.toml"_s, u"x.npy"_s} << u"m.pt |  | r.toml | x.npy | "_s << QString();
        QTest::newRow("too much of everything")
            << false
            << QStringList{u"b.pt"_s, u"c.pt"_s, u"m.pt"_s, u"r.toml"_s, u"s.toml"_s, u"hw"_s, u"x.npy"_s, u"x2.npy"_s,
                   u"y.npy"_s, u"y2.npy"_s, u"bad.npy"_s}
            << u"b.pt | c.pt | r.toml | x.npy | y.npy"_s
            << u"■ Not taken: m.pt (a third model), s.toml (a second recipe), hw (a folder), x2.npy (a second file of "
               "data), y2.npy (a second file of labels), bad.npy (is neither .npy, .npz nor IDX: convert it, such as "
               "with numpy.save)."_s;
        QTest::newRow("a model and labels") << false << QStringList{u"b.pt"_s, u"y.npy"_s} << u"b.pt |  |  |  | "_s
                                            << u"■ Not taken: y.npy (labels belong to data, and none are chosen)."_s;
        QTest::newRow("no model") << false << QStringList{u"x.npy"_s, u"y.npy"_s} << u" |  |  |  | "_s
                                  << u"■ Not taken: x.npy (no model is open that it could be for), y.npy (no model is "
                                     "open that it could be for)."_s;
        QTest::newRow("a model that is none")
            << true << QStringList{u"bad.pt"_s, u"x.npy"_s, u"c.pt"_s} << u"m.pt |  |  |  | "_s
            << u"■ %1/bad.pt: is a zip archive without its end: it was cut off or is still being written. Not taken: "
               u"c.pt (bad.pt was not opened), "
               "x.npy (bad.pt was not opened)."_s;
    }
    /// Each file for what it is, and a word for what was left.
    void droppedTogether()
    {
        QFETCH(bool, open);
        QFETCH(QStringList, files);
        QFETCH(QString, shown);
        QFETCH(QString, says);
        const auto at = [&](const QString &name) { return m_folder->filePath(name); };
        QVERIFY(QFile::copy(qs(test::sample("digits_float.pt")), at(u"c.pt"_s)));
        QVERIFY(QFile::copy(m_model, at(u"b.pt"_s)));
        QVERIFY(QFile::copy(qs(test::sample("digits_test.npz")), at(u"digits.npz"_s)));
        for (const QString &recipe : {u"r.toml"_s, u"s.toml"_s})
            QVERIFY(QFile::copy(qs(test::sample("digits_fixed.recipe.toml")), at(recipe)));
        for (const QString &name : {u"x.npy"_s, u"x2.npy"_s})
            write(at(name), arrayFile("<f4", "(2, 1, 8, 8)", same(128, 0)));
        for (const QString &name : {u"y.npy"_s, u"y2.npy"_s})
            write(at(name), arrayFile("|u1", "(2,)", "ab"));
        write(at(u"bad.npy"_s), "1,2");
        write(at(u"bad.pt"_s), "PK\3\4 and no more");
        QVERIFY(QDir().mkpath(at(u"hw"_s)));
        if (open)
            openModel();
        QMimeData dropped;
        QList<QUrl> urls;
        for (const QString &name : files)
            urls << QUrl::fromLocalFile(at(name));
        dropped.setUrls(urls);
        QDragEnterEvent enters({5, 5}, Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enters);
        QDropEvent event({5, 5}, Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &event);
        const auto name = [](const QString &path) { return path.section(u'/', -1); };
        const auto state = [&] {
            const auto &data = runs().data();
            const bool isThere = session().network() != nullptr;
            return QStringList{isThere ? name(session().path()) : QString(), name(session().second().source().path),
                session().recipeChoice() == RecipeChoice::Chosen ? name(session().recipePath()) : QString(),
                data ? name(qs(data->samples)) : QString(), data && data->labels ? name(qs(*data->labels)) : QString()}
                .join(u" | "_s);
        };
        QTRY_COMPARE(state(), shown);
        const auto *bar = m_window->findChild<QLabel *>(u"failure-text"_s);
        QTRY_COMPARE(bar->isVisible() ? bar->text() : QString(), says.replace(u"%1"_s, m_folder->path()));
    }

    /// In the menu of the file, kept for the next time; the helper that runs takes it.
    void memoryOfRuns()
    {
        QTemporaryDir folder;
        RunResult result;
        result.samples = 3;
        const QString told = folder.filePath(u"told"_s),
                      again = test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{}, true}))
            + test::printedFrame(FrameType::Finished, payloadOf(result));
        test::writeHelper(folder.path(),
            test::printedFrame(FrameType::Hello, payloadOf(ownHello()))
                + test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{}, true}))
                + test::printedFrame(FrameType::DataTaken, payloadOf(DataTakenMessage{3}))
                + test::printedFrame(FrameType::Finished, payloadOf(result)) + again + again + u"exec cat >"_s + told
                + u"\n"_s);
        const test::PathBegin fake(folder.path());
        const auto choices = [this] {
            QMenu *menu = action(u"Memory kept between runs"_s)->menu();
            Q_EMIT menu->aboutToShow();
            QStringList out;
            for (const QAction *one : menu->actions())
                out << (one->isChecked() ? u"* "_s : u""_s) + one->text();
            return out;
        };
        const auto chosen = [this](int at) { action(u"Memory kept between runs"_s)->menu()->actions()[at]->trigger(); };
        openSample("digits_fixed_qonnx.onnx");
        QCOMPARE(choices(), (QStringList{u"nothing"_s, u"256 MB"_s, u"* 1 GB"_s, u"4 GB"_s, u"16 GB"_s}));
        QCOMPARE(action(u"Memory kept between runs"_s)->text(), u"&Memory kept between runs: 1 GB"_s);
        QCOMPARE(action(u"Memory kept between runs"_s)->menu()->actions()[1]->toolTip(),
            u"Up to 256 MB of what flowed through the network stay in quantscope-torch between two runs, what is "
            u"needed "
            "last in the network the longest: a change there then computes only what follows it. Results are the same "
            "with any amount. From the next run on"_s);
        QCOMPARE(action(u"Memory kept between runs"_s)->menu()->actions()[0]->toolTip(),
            u"Nothing of what flowed is kept: every run computes the whole network, and gives the same results"_s);
        run(u"F9"_s);
        QVERIFY(settled());
        for (const int choice : {1, 0}) {
            chosen(choice);
            runs().run();
            QVERIFY(settled());
        }
        QCOMPARE(choices(), (QStringList{u"* nothing"_s, u"256 MB"_s, u"1 GB"_s, u"4 GB"_s, u"16 GB"_s}));
        QCOMPARE(action(u"Memory kept between runs"_s)->text(), u"&Memory kept between runs: nothing"_s);
        m_window.reset(); // with the helper
        QStringList memories;
        const auto read = [&] {
            memories.clear();
            static const QRegularExpression member(u"\"memory\":([0-9]+)"_s);
            const QString text = QString::fromLatin1(WindowFixture::read(told));
            for (auto match = member.globalMatch(text); match.hasNext();)
                memories << match.next().captured(1);
            return memories;
        };
        QTRY_COMPARE(read(), (QStringList{u"1000000000"_s, u"256000000"_s, u"0"_s}));
        Settings::setText(u"run/memory_megabytes"_s, u"500"_s); // by hand
        makeWindow();
        QCOMPARE(choices(), (QStringList{u"nothing"_s, u"256 MB"_s, u"* 500 MB"_s, u"1 GB"_s, u"4 GB"_s, u"16 GB"_s}));
        chosen(3);
        m_window.reset();
        makeWindow();
        QCOMPARE(runs().memory(), std::uint64_t{1000});
    }
};

QTEST_MAIN(RunWaysTest)
#include "tst_run_ways.moc"
