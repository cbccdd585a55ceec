#include "analysis/analyse.h"
#include "charts/bit_weight_chart.h"
#include "charts/change_chart.h"
#include "dialects/brevitas/recipe_edits.h"
#include "open/open_network.h"
#include "pages/channels/channels_page.h"
#include "pages/distribution/distribution_page.h"
#include "pages/parts/values_view.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "panels/layers_panel.h"
#include "panels/second_bar.h"
#include "report/diff_report.h"
#include "window_fixture.h"

#include <QClipboard>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

QString at(const char *name) { return QString::fromStdString(test::sample(name)); }

/// As `quantscope diff A B` tells it.
QString toldByProgram(const QString &a, const QString &b)
{
    const auto first = openNetwork(a.toStdString()), second = openNetwork(b.toStdString());
    const auto diff = first && second ? diffOf(*first, *second) : Result<ModelDiff>();
    return diff ? QString::fromStdString(diffText(*first, *second, *diff)) : u"cannot be compared"_s;
}

QString told(const Session &session)
{
    const auto comparison = const_cast<Session &>(session).second().comparison();
    return comparison ? QString::fromStdString(diffText(*comparison->a, *comparison->b, comparison->diff)) : QString();
}

} // namespace

/// A second model beside the first: everything shown is what model/diff says of exactly the two networks.
class SecondModelTest : public QObject, public test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    void saysWhatTheProgramSays_data()
    {
        QTest::addColumn<QString>("a");
        QTest::addColumn<QString>("b");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("two trainings") << at("digits_fixed.pt") << at("digits_float.pt") << u"8 of 8 layers changed"_s;
        QTest::newRow("its export") << at("digits_fixed.pt") << at("digits_fixed_qonnx.onnx")
                                    << u"all 8 layers are the same"_s;
        QTest::newRow("codes alone") << at("digits_fixed_qcdq.onnx") << at("digits_fixed.pt")
                                     << u"all 8 layers are the same; of 4 not every field could be compared"_s;
        QTest::newRow("other names") << at("digits_fixed.pt") << at("digits_fixed_qcdq.ts.pt")
                                     << u"0 of 8 layers changed, 8 only in the first, 10 only in the second"_s;
    }
    void saysWhatTheProgramSays()
    {
        QFETCH(QString, a);
        QFETCH(QString, b);
        compare(a, b);
        QCOMPARE(told(session()), toldByProgram(a, b));
        QTEST(label("second-state"), "sentence");
        QCOMPARE(label("difference-sign"),
            QTest::currentDataTag() == QByteArray("its export") ? u"A = B"_s : label("difference-sign"));
        QCOMPARE(label("second-name"), u"B: "_s + QFileInfo(b).fileName());
    }

    /// Column 'Change' beside each layer; sorted by it the worst stand first.
    void theListHasAColumn()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        QTableView *table = m_window->layers()->table();
        QVERIFY(!table->isColumnHidden(LayerModel::Change));
        const auto comparison = session().second().comparison();
        const LayerModel &model = *m_window->layers()->model();
        for (const LayerChange &change : comparison->layers) {
            const int row = model.rowOf(qs(comparison->a->layer(*change.a).name));
            QCOMPARE(model.index(row, LayerModel::Change).data().toString(), qs(changeText(change)));
            QCOMPARE(model.index(row, LayerModel::Change).data(Qt::ToolTipRole).toString(),
                differenceText(*comparison, change));
        }
        table->horizontalHeader()->setSortIndicator(LayerModel::Change, Qt::DescendingOrder);
        double before = 1e9;
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            const double worth = table->model()->index(row, LayerModel::Change).data(kValueRole).toDouble();
            QVERIFY(worth <= before);
            before = worth;
        }
        session().second().close();
        QVERIFY(table->isColumnHidden(LayerModel::Change));
        QCOMPARE(model.index(0, LayerModel::Change).data().toString(), QString());
    }

    /// Layers that only the second has stand behind the others; they are no layers of the first.
    void layersOfTheSecondAlone()
    {
        compare(at("digits_fixed.pt"), at("digits_fixed_qcdq.ts.pt"));
        const LayerModel &model = *m_window->layers()->model();
        QCOMPARE(model.rowCount(), 18);
        const QString first = model.index(0, LayerModel::Change).data().toString(),
                      last = model.index(17, LayerModel::Change).data().toString();
        QCOMPARE(first, u"only in A"_s);
        QCOMPARE(last, u"only in B"_s);
        const auto b = openNetwork(at("digits_fixed_qcdq.ts.pt").toStdString());
        QCOMPARE(model.index(8, LayerModel::Name).data().toString(), qs(b->layers.front().name));
        QVERIFY(!model.flags(model.index(8, 0)).testFlag(Qt::ItemIsSelectable));
        QCOMPARE(label("header-weights"), u"13,706"_s);
        QCOMPARE(button("second-use-rule")->text(), u"Name the pairs…"_s);
        button("second-use-rule")->click();
        // By the rules of `quantscope diff --rename` they are the same.
        const QStringList rules{u"conv1=conv_1"_s, u"conv2=conv_3"_s, u"fc1=linear_6"_s, u"fc2=linear_9"_s,
            u"quant_inp=act_0"_s, u"relu1=act_2"_s, u"relu2=act_4"_s, u"relu3=act_7"_s};
        QLineEdit *field = edit("second-rules");
        field->setText(rules.join(u", "_s));
        Q_EMIT field->returnPressed();
        QVERIFY(!session().second().comparison());
        QVERIFY(waitForComparison());
        QCOMPARE(session().second().comparison()->diff.count(SlotState::OnlyA), std::uint64_t{0});
        field->setText(u"conv1"_s);
        Q_EMIT field->returnPressed();
        QCOMPARE(label("second-rules-wrong"), u"■ --rename conv1 is not of the form OLD=NEW"_s);
        QCOMPARE(session().second().renames(), rules);
    }

    /// An edit of the first's recipe gives another network: what was computed for the one before is not shown beside
    /// it.
    void anEditComparesAnew()
    {
        compare(m_model, at("digits_fixed.pt"));
        const QString before = told(session());
        session().applyChoices({{"conv2", Slot::Weight, "ap_fixed<3,1>", {}}}, u"try"_s);
        const auto old = session().network();
        QVERIFY(QTest::qWaitFor([&] { return session().network() != old; }));
        QVERIFY(!session().second().comparison());
        QVERIFY(waitForComparison());
        const auto edited = session().second().comparison();
        QVERIFY(edited->a == session().network());
        QCOMPARE(told(session()), [&] {
            const auto b = openNetwork(at("digits_fixed.pt").toStdString());
            return QString::fromStdString(diffText(*session().network(), *b, *diffOf(*session().network(), *b)));
        }());
        QVERIFY(told(session()) != before);
        session().undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return session().network() != edited->a; }));
        QVERIFY(waitForComparison());
        QCOMPARE(told(session()), before);
    }

    void goesWithTheFirst()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        const auto before = session().second().comparison();
        session().reload();
        QVERIFY(QTest::qWaitFor([&] { return session().network() != before->a; }));
        QVERIFY(!session().second().comparison());
        QVERIFY(waitForComparison());
        QVERIFY(session().second().comparison()->b != before->b); // read again too
        m_window->open(m_model);
        QVERIFY(QTest::qWaitFor([&] { return session().path() == m_model; }));
        QVERIFY(!session().second().isOpen());
        QVERIFY(m_window->findChild<SecondBar *>()->isHidden());
        compare(m_model, at("digits_float.pt"));
        session().close();
        QVERIFY(!session().second().isOpen());
    }

    /// A while after the first is gone nothing of the second comes.
    void closedWhileItIsRead()
    {
        openModel();
        for (int wait = 0; wait < 30; wait += 6) {
            session().second().open(at("digits_float.pt"));
            QTest::qWait(wait);
            session().second().close();
        }
        QTest::qWait(200);
        QVERIFY(!session().second().isOpen() && !session().second().network() && !session().second().comparison());
    }

    void swapsTwice()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        session().selectLayers({u"fc1"_s, u"conv2"_s});
        session().selectSlot(u"bias"_s);
        const auto state = [this] {
            return QStringList{session().path(), session().second().source().path,
                session().selectedLayers().join(u','), qs(session().currentSlot().slot->slot), told(session())};
        };
        const QStringList before = state();
        run(u"X"_s);
        QVERIFY(QTest::qWaitFor([&] { return session().path() == before[1] && session().second().comparison(); }));
        const QStringList swapped{
            before[1], before[0], before[2], before[3], toldByProgram(at("digits_float.pt"), at("digits_fixed.pt"))};
        QCOMPARE(state(), swapped);
        run(u"X"_s);
        QVERIFY(QTest::qWaitFor([&] { return session().path() == before[0] && session().second().comparison(); }));
        QCOMPARE(state(), before);
    }

    void whatCannotBeOpened()
    {
        const QString broken = m_folder->filePath(u"broken.pt"_s);
        write(broken, "PK\3\4 and no more");
        openModel();
        session().second().open(broken);
        QVERIFY(QTest::qWaitFor([&] { return !session().second().running(); }));
        QCOMPARE(session().path(), m_model);
        QVERIFY(session().second().problem().startsWith(broken + u": "_s));
        QCOMPARE(label("second-state"), u"■ "_s + session().second().problem());
        QVERIFY(!button("second-again")->isHidden());
        QFile::remove(broken);
        QVERIFY(QFile::copy(at("digits_float.pt"), broken));
        button("second-again")->click();
        QVERIFY(waitForComparison());
    }

    /// The finding with its fix, as the program writes it, and on the clipboard.
    void tellsWhy()
    {
        compare(at("digits_fixed.pt"), m_model); // once more, and nobody says its quantizers
        const DiffFinding &finding = session().second().comparison()->diff.findings.front();
        QCOMPARE(finding.rule, std::string("assumed"));
        QCOMPARE(label("second-finding"), withPowers(shownText(finding.text)));
        QCOMPARE(label("second-fix"), u"write: "_s + qs(finding.fix));
        QCOMPARE(label("second-state"), u"8 of 8 layers changed; assumed in 8 of 12 slots of the second"_s);
        session().selectLayers({u"fc2"_s});
        QVERIFY2(label("difference").endsWith(u" · weight: assumed in B"_s), qPrintable(label("difference")));
        QCOMPARE(label("difference-sign"), u"A ≠ B"_s);
        button("second-copy")->click();
        QCOMPARE(QGuiApplication::clipboard()->text(),
            u"warning: %1 [assumed]\nwrite: %2\n"_s.arg(qs(finding.text), qs(finding.fix)));
    }

    /// Both codes in the cells that changed, and the hits are those that model/diff counted.
    void valuesShowBoth()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        session().selectLayers({u"conv1"_s});
        m_window->pages()->find(u"changed"_s);
        auto *page = static_cast<ValuesPage *>(m_window->pages()->page(PageId::Values));
        const auto comparison = session().second().comparison();
        const SlotRef slot = session().currentSlot();
        const SlotDifference &difference = *comparison->of(slot.id());
        QVERIFY(QTest::qWaitFor([&] { return !page->findBar()->searching(); }));
        QCOMPARE(page->findBar()->result().count, *difference.codesChanged);
        ValuesModel &model = *page->model();
        model.cache().waitForIdle();
        model.second().waitForIdle();
        QCOMPARE(*model.flatAt(page->view()->currentIndex()), *difference.firstIndex);
        const SlotRef second = comparison->counterpart(slot.id());
        const CodeChunk here = readChunk(slot, 0, 144), there = readChunk(second, 0, 144);
        for (const ValueForm form : {ValueForm::Decimal, ValueForm::Hex, ValueForm::Float}) {
            model.setForm(form);
            for (std::uint64_t flat = 0; flat < 144; ++flat) {
                const Element a = here.element(flat), b = there.element(flat);
                const QString one = elementText(a, wordFormat(*slot.slot), form),
                              other = elementText(b, wordFormat(*second.slot), form);
                if (!model.indexOf(flat).isValid())
                    continue;
                QCOMPARE(model.indexOf(flat).data().toString(), a.code == b.code ? one : one + u" → "_s + other);
            }
        }
        page->goTo(*difference.firstIndex);
        const Element a = here.element(*difference.firstIndex), b = there.element(*difference.firstIndex);
        QCOMPARE(label("element-second-value"), floatText(static_cast<double>(b.value)));
        QCOMPARE(label("element-change"), (b.code > a.code ? u"+"_s : QString()) + wholeText(b.code - a.code));
        session().second().close();
        page->refreshNow();
        QCOMPARE(
            model.indexOf(0).data().toString(), elementText(here.element(0), wordFormat(*slot.slot), model.form()));
        page->findBar()->find(u"changed"_s);
        QCOMPARE(label("values-problem"),
            u"■ there is no tensor of a second model beside this one: compare with another model (Ctrl+B)"_s);
    }

    void distributionShowsBoth()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        session().selectLayers({u"fc1"_s});
        m_window->showPage(PageId::Distribution);
        auto *page = static_cast<DistributionPage *>(m_window->pages()->page(PageId::Distribution));
        const auto comparison = session().second().comparison();
        const SlotDifference &difference = *comparison->of(session().currentSlot().id());
        const auto *chart = m_window->findChild<ChangeChart *>();
        QCOMPARE(chart->bins(), difference.histogram);
        QCOMPARE(label("change-text"),
            u"Change of the codes against digits_float.pt: %1 of 8,192 changed, %2 did not"_s.arg(
                groupedText(*difference.codesChanged), groupedText(8192 - *difference.codesChanged)));
        QTRY_COMPARE(page->bitWeights()->overlays().size(), std::size_t{1});
        QCOMPARE(page->bitWeights()->overlays()[0].name, u"B: digits_float.pt"_s);
        const SlotQuantizer &there = *comparison->b->slot({*difference.b, Slot::Weight});
        QCOMPARE(page->bitWeights()->overlays()[0].histogram.total(), analyse(there)->bitWeights.total());
        // A bar is a query, which finds what it counts.
        const int bar = static_cast<int>(difference.histogram.size()) / 2;
        Q_EMIT const_cast<ChangeChart *>(chart)->activated(bar);
        auto *values = static_cast<ValuesPage *>(m_window->pages()->page(PageId::Values));
        QVERIFY(QTest::qWaitFor([&] { return !values->findBar()->searching(); }));
        QCOMPARE(values->findBar()->result().count, difference.histogram[static_cast<std::size_t>(bar)].count);
    }

    /// By the codes of both, counted here once more.
    void channelsShowWhatChanged()
    {
        compare(at("digits_fixed.pt"), at("digits_float.pt"));
        session().selectLayers({u"conv2"_s});
        m_window->showPage(PageId::Channels);
        auto *page = static_cast<ChannelsPage *>(m_window->pages()->page(PageId::Channels));
        page->refreshNow();
        QVERIFY(QTest::qWaitFor([&] { return page->idle(); }));
        const SlotRef slot = session().currentSlot(), second = session().second().comparison()->counterpart(slot.id());
        const CodeChunk here = readChunk(slot, 0, 4608), there = readChunk(second, 0, 4608);
        for (int channel = 0; channel < 32; ++channel) {
            std::uint64_t changed = 0;
            for (std::size_t i = 0; i < 144; ++i) {
                const std::size_t flat = static_cast<std::size_t>(channel) * 144 + i;
                changed += here.codes[flat] != there.codes[flat] ? 1u : 0u;
            }
            const QString share
                = changed == 0 ? QString() : u" (%1)"_s.arg(shareText(static_cast<double>(changed) / 144));
            QCOMPARE(
                page->model()->index(channel, ChannelModel::Changed).data().toString(), groupedText(changed) + share);
        }
        session().second().close();
        page->refreshNow();
        QCOMPARE(page->model()->index(0, ChannelModel::Changed).data().toString(), QString());
    }

    void overviewShowsBoth()
    {
        compare(m_model, at("digits_fixed.pt"));
        session().selectLayers({u"conv2"_s});
        m_window->showPage(PageId::Overview);
        m_window->pages()->page(PageId::Overview)->refreshNow();
        const auto comparison = session().second().comparison();
        const SlotId weight{session().currentLayer()->id, Slot::Weight};
        QCOMPARE(label("weight-second"), secondText(comparison, weight));
        QVERIFY(label("weight-second").startsWith(u"B: ap_fixed<6,0>, scale 2⁻⁶\n"_s));
        QCOMPARE(label("difference"), differenceText(*comparison, *comparison->of(weight)).replace(u'\n', u" · "_s));
        session().second().close();
        m_window->pages()->page(PageId::Overview)->refreshNow();
        QCOMPARE(label("weight-second"), QString());
    }

    /// A file that is dropped beside another is opened, compared, or neither.
    void asksWhatADroppedFileIsFor()
    {
        openModel();
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(at("digits_float.pt"))});
        for (const QString &answer : {u"Cancel"_s, u"Compare the two"_s, u"Open it instead"_s}) {
            QTimer::singleShot(100, [answer] {
                for (QAbstractButton *one : QApplication::activeModalWidget()->findChildren<QAbstractButton *>())
                    if (one->text().remove(u'&') == answer)
                        return one->click();
            });
            m_window->files().open(data);
            QVERIFY(QTest::qWaitFor([&] { return session().state() == Session::State::Ready; }));
            QCOMPARE(session().second().isOpen(), answer == u"Compare the two"_s);
            QCOMPARE(session().path() == m_model, answer != u"Open it instead"_s);
        }
    }

private:
    bool waitForComparison()
    {
        return QTest::qWaitFor([this] { return session().second().comparison() != nullptr; }, 20000);
    }
    void compare(const QString &a, const QString &b)
    {
        m_window->open(a);
        QVERIFY(QTest::qWaitFor([&] {
            return session().path() == a && session().state() == Session::State::Ready && session().statistics().idle();
        }));
        session().second().open(b);
        QVERIFY(waitForComparison());
    }
};

QTEST_MAIN(SecondModelTest)
#include "tst_second_model.moc"
