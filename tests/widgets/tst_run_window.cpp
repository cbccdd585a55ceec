#include "charts/bit_weight_chart.h"
#include "dialects/brevitas/recipe_edits.h"
#include "look/controls.h"
#include "pages/channels/channels_page.h"
#include "pages/distribution/distribution_page.h"
#include "pages/distribution/flow_trial.h"
#include "pages/distribution/flow_view.h"
#include "run/protocol.h"
#include "session/run_data.h"
#include "support/golden.h"
#include "support/run_helper.h"
#include "window_fixture.h"

#include <csignal>

using namespace quantscope;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString digitsPlace(const char *array) { return qs(test::sample("digits_test.npz")) + u':' + QLatin1String(array); }

QByteArray npy(const char *descr, const char *shape, const QByteArray &elements)
{
    QByteArray dict = QByteArray("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    dict.append(117 - dict.size(), ' ').append('\n');
    return QByteArray("\x93NUMPY\x01\0\x76\0", 10) + dict + elements;
}

QByteArray floats(qsizetype count, float value)
{
    QByteArray out;
    for (qsizetype i = 0; i < count; ++i)
        out.append(reinterpret_cast<const char *>(&value), sizeof value);
    return out;
}

double hexNumber(const nlohmann::json &text) { return std::strtod(text.get<std::string>().c_str(), nullptr); }

} // namespace

/// The network on data, as the window shows it.
class RunWindowTest : public QObject, private test::WindowFixture {
    Q_OBJECT

    std::optional<test::PathBegin> m_path;

    RunStore &runs() { return session().runs(); }
    bool settled()
    {
        return QTest::qWaitFor([&] { return !runs().running(); }, 60000) && (QTest::qWait(20), true);
    }
    /// A sample with its recipe, its export and its data.
    void openSample(const char *name = "digits_fixed.pt")
    {
        m_window->open(qs(test::sample(name)));
        QVERIFY(QTest::qWaitFor(
            [&] { return session().state() == Session::State::Ready && session().statistics().idle(); }));
    }
    /// What of the line under the top bar is to be seen.
    QString line()
    {
        QStringList parts;
        for (const char *name : {"run-samples", "run-labels", "run-start", "run-cancel"})
            if (const QPushButton *found = button(name); found && found->isVisible())
                parts << found->text().trimmed();
        for (const char *name : {"run-facts", "run-accuracy", "run-change", "run-state", "run-problem"})
            if (const auto *found = m_window->findChild<QLabel *>(QLatin1String(name)); found && found->isVisible())
                parts << found->text();
        return parts.join(u" | "_s);
    }
    DistributionPage *distribution()
    {
        auto *page = static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution));
        m_window->showPage(PageId::Distribution);
        page->refreshNow();
        return page;
    }
    QStringList figures()
    {
        QStringList out;
        for (const Figure *figure : distribution()->flow()->findChildren<Figure *>())
            out << figure->findChildren<QLabel *>().front()->text() + u": "_s + figure->value();
        return out;
    }
    void edit(const char *preset)
    {
        const auto before = session().network();
        session().applyChoices({{"conv2", Slot::Weight, preset, {}}}, u"conv2"_s);
        QVERIFY(QTest::qWaitFor([&] { return session().network() != before; }));
    }

private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        m_path.emplace(test::helperFolder());
        makeWindow();
        const QByteArray name = QTest::currentTestFunction();
        if (test::helperFolder().isEmpty() && name != "badHelper" && name != "choosingArrays")
            QSKIP("quantscope-torch is not built");
    }
    void cleanup() { m_window.reset(); }

    void theLine()
    {
        openSample();
        const QString data = u"digits_test.npz:images | digits_test.npz:labels | %1 | 360 samples · 1×8×8 · float32"_s;
        QTRY_COMPARE(line(), data.arg(u"Run"_s) + u" | not run yet"_s);
        run(u"F9"_s);
        QCOMPARE(line(), data.arg(u"Cancel"_s) + u" | running"_s);
        run(u"Esc"_s);
        QCOMPARE(line(), data.arg(u"Run"_s) + u" | not run yet"_s);
        run(u"F9"_s);
        QVERIFY(settled());
        const QString notes = u"runs on the graph of digits_fixed_qonnx.onnx, with the quantizers of digits_fixed.pt"_s;
        QCOMPARE(line(), data.arg(u"Run"_s) + u" | 98.61 % | "_s + notes); // 355 of 360
        QCOMPARE(m_window->findChild<QLabel *>(u"run-accuracy"_s)->toolTip(),
            plainTip(u"355 of 360 samples right: their largest value of the first output stands at the label"_s));
        runs().setRepeatsWithin(0ms);
        edit("ap_fixed<2,0>");
        QCOMPARE(line(), data.arg(u"Run again (F9)"_s) + u" | edited since the run, which gave 98.61 %"_s);
        run(u"F9"_s);
        QVERIFY(settled());
        QVERIFY(runs().result() && runs().result()->correct < 355u);
        const double wrong = 355.0 - static_cast<double>(*runs().result()->correct);
        QVERIFY2(line().startsWith(data.arg(u"Run"_s)
                     + u" | %1 % | −%2 | "_s.arg(QString::number((355 - wrong) / 3.6, 'f', 2))
                           .arg(QString::number(wrong / 3.6, 'f', 2))),
            qPrintable(line()));
        QCOMPARE(m_window->findChild<QLabel *>(u"run-change"_s)->toolTip(),
            plainTip(u"percentage points against the quantizers that the file was opened with, which give 98.61 % on "
                     "the same data"_s));
    }

    /// Another model has its own line at once.
    void anotherModel()
    {
        openSample();
        run(u"F9"_s);
        openModel(); // a copy that has no data
        QCOMPARE(
            line(), u"Choose data… | the network runs on them: what flows between layers, what saturates, accuracy"_s);
        runs().setData(runDataAt(digitsPlace("images"), {}));
        QVERIFY(action(u"Run on data"_s)->isEnabled());
        QTRY_COMPARE(
            line(), u"digits_test.npz:images | no labels | Run | 360 samples · 1×8×8 · float32 | not run yet"_s);
        run(u"F9"_s);
        QVERIFY(settled());
        QCOMPARE(line(),
            u"digits_test.npz:images | no labels | Run | 360 samples · 1×8×8 · float32 | not run yet | ■ %1: cannot be "
            "run: a checkpoint has no graph, and no export of it (MODEL_qonnx.onnx, MODEL.qcdq.ts.pt) lies beside it"_s
                .arg(m_model));
    }

    /// What flowed, as the run found it and Brevitas recorded it.
    void whatFlows()
    {
        openSample();
        session().selectLayers({u"relu2"_s});
        QCOMPARE(figures(),
            (QStringList{
                u"type: ap_ufixed<6,3>"_s, u"scale: 2⁻³"_s, u"fractional bits: 3"_s, u"calibrated range: 0 … 7.87"_s}));
        run(u"F9"_s);
        QVERIFY(settled());
        RunClient client;
        const auto direct = client.run(runs().request());
        QVERIFY(direct.has_value());
        const SlotStatistics &seen = direct->at(session().currentLayer()->id, Slot::Act)->figures.seen;
        const auto share = [&](std::uint64_t count) {
            return shareText(static_cast<double>(count) / static_cast<double>(seen.count));
        };
        QCOMPARE(figures(),
            (QStringList{u"type: ap_ufixed<6,3>"_s, u"scale: 2⁻³"_s, u"fractional bits: 3"_s,
                u"calibrated range: 0 … 7.87"_s,
                u"seen on data: %1 … %2"_s.arg(QString::number(static_cast<double>(seen.low), 'g', 5),
                    QString::number(static_cast<double>(seen.high), 'g', 5)),
                u"SQNR on data: "_s + decibelText(seen.error.sqnrDb()), u"clipped on data: "_s + share(*seen.clipped),
                u"at limit on data: "_s + share(seen.atLimit), u"rounded to 0 on data: "_s + share(seen.zeroed),
                u"codes used on data: 57 / 64"_s}));
        QCOMPARE(label("flow-legend"), u"bars: seen on data (360 samples) · window: calibrated in the file"_s);
        QCOMPARE(distribution()->flow()->bitWeights()->wordLength(), 6);
        session().selectLayers({u"conv1"_s});
        session().selectSlot(u"result"_s);
        const auto golden = test::golden(test::sample("digits_expected.json"))["digits_fixed"]["ranges"]["conv1"];
        QCOMPARE(figures().first(),
            u"seen on data: −%1 … %2"_s.arg(
                QString::number(-hexNumber(golden["min"]), 'g', 5), QString::number(hexNumber(golden["max"]), 'g', 5)));
        QCOMPARE(figures().last(), u"values: 368,640"_s);
        QCOMPARE(label("flow-legend"), u"bars: seen on data (360 samples)"_s);
    }

    /// A type that is dragged is run in the network, and nothing is changed.
    void aTypeIsTried()
    {
        openSample();
        session().selectLayers({u"relu2"_s});
        run(u"F9"_s);
        QVERIFY(settled());
        FlowView *view = distribution()->flow();
        view->bitWeights()->tryType({4, 3, false});
        QVERIFY(QTest::qWaitFor([&] { return view->idle() && view->trial()->exact(); }, 20000));
        RunRequest request = runs().request();
        request.with = {"relu2:act=ap_ufixed<4,3>"};
        RunClient client;
        const auto direct = client.run(request);
        QVERIFY2(direct, direct ? "" : direct.error().text().c_str());
        const SlotStatistics &seen = direct->at(session().currentLayer()->id, Slot::Act)->figures.seen;
        QCOMPARE(figures().mid(5, 1), QStringList{u"SQNR on data: "_s + decibelText(seen.error.sqnrDb())});
        QCOMPARE(figures().last(),
            u"accuracy: %1 % %2"_s.arg(QString::number(100 * *direct->accuracy(), 'f', 2))
                .arg(*direct->correct == 355 ? u"±0"_s
                                             : (*direct->correct < 355 ? u"−"_s : u"+"_s)
                            + QString::number(std::abs(static_cast<double>(*direct->correct) - 355) / 3.6, 'f', 2)));
        QCOMPARE(label("flow-legend"), u"bars: seen on data (360 samples) · window: tried, not in the file"_s);
        QVERIFY(!session().recipeEdited());
        QVERIFY(button("flow-apply")->isVisible());
        const auto before = session().network();
        button("flow-apply")->click();
        QVERIFY(QTest::qWaitFor([&] { return session().network() != before; }));
        QVERIFY(QTest::qWaitFor([&] { return runs().result() && !runs().running(); }, 60000));
        QCOMPARE(runs().result()->correct, direct->correct); // by the recipe as by the choice
        QCOMPARE(figures().first(), u"type: ap_ufixed<4,3>"_s);
        QCOMPARE(label("flow-legend"), u"bars: seen on data (360 samples) · window: calibrated in the file"_s);
        session().undoStack().undo();
        QTRY_COMPARE(figures().first(), u"type: ap_ufixed<6,3>"_s);
        QVERIFY(runs().result() && runs().result()->correct == 355u);
        view->bitWeights()->tryType({4, 3, false});
        session().selectLayers({u"relu1"_s}); // another place has its own
        QCOMPARE(figures().first(), u"type: ap_ufixed<8,2>"_s);
        session().selectLayers({u"relu2"_s}); // what is tried stays with it
        QTRY_COMPARE(view->trial()->typeName(), u"ap_ufixed<4,3>"_s);
    }

    void channelsAndCards()
    {
        openSample();
        session().selectLayers({u"relu1"_s});
        run(u"F9"_s);
        QVERIFY(settled());
        auto *page = static_cast<ChannelsPage *>(m_window->pages()->page(PageId::Channels));
        m_window->showPage(PageId::Channels);
        page->refreshNow();
        const auto flow = runs().flow(*session().currentLayer(), session().currentSlot().slot);
        QVERIFY(flow && flow->figures.seen.channels.size() == 16);
        QStringList expected;
        for (const ChannelStatistics &channel : flow->figures.seen.channels)
            expected << u"%1 | 2⁻⁶ | 6 | %2 | %3 | – | – | – | "_s.arg(expected.size())
                            .arg(numberText(static_cast<double>(channel.low)))
                            .arg(numberText(static_cast<double>(channel.high)));
        QCOMPARE(test::printed(*page->model()), expected);
        QCOMPARE(page->model()->headerData(3, Qt::Horizontal).toString(), u"Smallest seen"_s);
        session().selectLayers({u"conv1"_s});
        page->refreshNow();
        QCOMPARE(page->model()->headerData(3, Qt::Horizontal).toString(), u"Smallest w"_s);
        session().selectLayers({u"relu1"_s});
        m_window->showPage(PageId::Overview);
        m_window->pages()->page(PageId::Overview)->refreshNow();
        QCOMPARE(label("act-seen"),
            u"%1 … %2"_s
                .arg(QString::number(static_cast<double>(flow->figures.seen.low), 'g', 5),
                    QString::number(static_cast<double>(flow->figures.seen.high), 'g', 5))
                .replace(u'-', u'−'));
    }

    void badData_data()
    {
        QTest::addColumn<QByteArray>("samples");
        QTest::addColumn<QByteArray>("labels");
        QTest::addColumn<QString>("says"); // %1: the samples, %2: the labels
        QTest::newRow("another shape")
            << npy("<f4", "(2, 3)", floats(6, 0)) << QByteArray()
            << u"■ %1: holds samples of shape 3, and the input \"inp.1\" of the graph takes 1×8×8"_s;
        QTest::newRow("NaN") << npy("<f4", "(1, 1, 8, 8)", floats(64, std::numeric_limits<float>::quiet_NaN()))
                             << QByteArray() << u"■ %1: sample 0 holds a number that is not finite (nan)"_s;
        QTest::newRow("labels of another count")
            << npy("<f4", "(2, 1, 8, 8)", floats(128, 0)) << npy("|u1", "(3,)", "abc")
            << u"■ %2: holds 3 labels for 2 samples"_s;
        QTest::newRow("labels that are no classes")
            << npy("<f4", "(1, 1, 8, 8)", floats(64, 0)) << npy("|u1", "(1,)", "c")
            << u"■ %2: label 99 of sample 0 is none of the 10 classes of output \"61\""_s;
        QTest::newRow("text") << QByteArray("1,2") << QByteArray()
                              << u"■ %1: is neither .npy, .npz nor IDX: convert it, such as with numpy.save"_s;
    }
    /// One sentence; with other data it runs again.
    void badData()
    {
        QFETCH(QByteArray, samples);
        QFETCH(QByteArray, labels);
        QFETCH(QString, says);
        openSample("digits_fixed_qonnx.onnx");
        const QString x = m_folder->filePath(u"x.npy"_s), y = m_folder->filePath(u"y.npy"_s);
        write(x, samples);
        write(y, labels);
        runs().setData(runDataAt(x, labels.isEmpty() ? QString() : y));
        run(u"F9"_s);
        QVERIFY(settled());
        QString expected = says;
        expected.replace(u"%1"_s, x).replace(u"%2"_s, y);
        QTRY_COMPARE(label("run-problem"), expected);
        runs().setData(runDataAt(digitsPlace("images"), digitsPlace("labels")));
        session().selectLayers({}); // the whole model offers it too
        for (QPushButton *next : m_window->findChildren<QPushButton *>())
            if (next->text() == u"Run on data"_s)
                next->click();
        QVERIFY(runs().running() && settled());
        QVERIFY(runs().result() && runs().result()->correct == 355u);
        QVERIFY(!m_window->findChild<QLabel *>(u"run-problem"_s)->isVisible());
    }

    void badHelper_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("says");
        QTest::newRow("crashes") << u"kill -9 $$\n"_s
                                 << u"was not run: quantscope-torch was ended by signal 9 (Killed)"_s;
        QTest::newRow("another version") << test::printedFrame(FrameType::Hello, payloadOf(HelloMessage{1, "9.9.9"}))
                + u"sleep 60\n"_s << u"is of version 9.9.9 (protocol 1)"_s;
        QTest::newRow("out of memory") << u"echo 'terminate: std::bad_alloc' >&2; exit 134\n"_s
                                       << u"ended with status 134: terminate: std::bad_alloc"_s;
    }
    /// A sentence; everything else goes on, and the right program is taken at the next run.
    void badHelper()
    {
        QFETCH(QString, script);
        QFETCH(QString, says);
        QTemporaryDir folder;
        test::writeHelper(folder.path(), script);
        {
            const test::PathBegin bad(folder.path());
            openSample("digits_fixed_qonnx.onnx");
            run(u"F9"_s);
            QVERIFY(settled());
        }
        QVERIFY2(label("run-problem").contains(says), qPrintable(label("run-problem")));
        QVERIFY(session().statistics().idle() && session().state() == Session::State::Ready);
        if (test::helperFolder().isEmpty())
            return;
        run(u"F9"_s);
        QVERIFY(settled());
        QCOMPARE(label("run-accuracy"), u"98.61 %"_s);
    }

    void theHelperIsKilled()
    {
        openSample("digits_fixed_qonnx.onnx");
        const auto kill = connect(&runs(), &RunStore::progress, this, [] {
            if (const int helper = test::helperProcess())
                ::kill(helper, SIGKILL);
        });
        run(u"F9"_s);
        QVERIFY(settled());
        disconnect(kill);
        if (!runs().result()) // it may have been faster than its first word
            QVERIFY2(
                label("run-problem").contains(u"was ended by signal 9 (Killed)"_s), qPrintable(label("run-problem")));
        run(u"F9"_s);
        QVERIFY(settled());
        QCOMPARE(label("run-accuracy"), u"98.61 %"_s);
    }

    /// The arrays of a file: taken where they tell what they are, asked for where several could be meant.
    void choosingArrays()
    {
        openSample("digits_fixed_qonnx.onnx");
        runs().setData(std::nullopt);
        m_window->dataFiles().take(qs(test::sample("digits_test.npz")), DataFiles::Role::Samples);
        QVERIFY(QTest::qWaitFor([&] { return runs().data().has_value(); }));
        QCOMPARE(runs().data()->samples, str(digitsPlace("images")));
        QCOMPARE(runs().data()->labels.value_or(""), str(digitsPlace("labels")));
        auto *menu = button("run-labels")->menu();
        QTRY_VERIFY((Q_EMIT menu->aboutToShow(), menu->actions().size() == 4));
        QCOMPARE(menu->actions().front()->text(), u"digits_test.npz:labels    360 · int64"_s);
        QVERIFY(menu->actions().front()->isChecked());
        menu->actions().back()->trigger(); // no labels
        QVERIFY(!runs().data()->labels);
        const QString x = m_folder->filePath(u"x.npy"_s);
        write(x, npy("<f4", "(2, 1, 8, 8)", floats(128, 0)));
        m_window->dataFiles().askWhat(x, [] {});
        auto *dropped = m_window->findChild<QMenu *>(u"drop-menu"_s);
        dropped->actions()[1]->trigger();
        QVERIFY(QTest::qWaitFor([&] { return runs().data()->samples == str(x); }));
        QVERIFY(!runs().data()->labels);
        m_window->dataFiles().take(x, DataFiles::Role::Labels);
        QTRY_COMPARE(label("failure-text"), u"■ x.npy: holds no array of integers, one a sample, which labels are."_s);
        button("failure-close")->click();
    }
};

QTEST_MAIN(RunWindowTest)
#include "tst_run_window.moc"
