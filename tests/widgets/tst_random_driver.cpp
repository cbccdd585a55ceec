#include "charts/bit_weight_chart.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "lab/compare.h"
#include "look/theme.h"
#include "pages/distribution/distribution_page.h"
#include "panels/layers_panel.h"
#include "window_fixture.h"

#include <QComboBox>
#include <QElapsedTimer>

#include <array>
#include <functional>
#include <random>

using namespace quantscope;
using namespace Qt::StringLiterals;

static int secondsAsked() { return qEnvironmentVariableIntValue("QUANTSCOPE_DRIVER_SECONDS"); }

/// Qt ends a test function after five minutes, unless it is told otherwise before the first begins.
[[maybe_unused]] static const bool kMayTakeLonger
    = secondsAsked() > 0 && qputenv("QTEST_FUNCTION_TIMEOUT", QByteArray::number((secondsAsked() + 300) * 1000));

/// Drives the window as nobody would on purpose: what is started is overtaken by what comes next. Nothing crashes, no
/// warning is printed, and what is shown in the end is what the recipe says. QUANTSCOPE_DRIVER_SECONDS drives longer,
/// QUANTSCOPE_DRIVER_SEED drives the same way again, QUANTSCOPE_DRIVER_LOG=1 prints each step.
class RandomDriverTest : public QObject, protected test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
    }
    void cleanup() { m_window.reset(); }

    void drives()
    {
        constexpr int kSeconds = 6;
        const int seconds = secondsAsked();
        const int given = qEnvironmentVariableIntValue("QUANTSCOPE_DRIVER_SEED");
        m_random.seed(static_cast<unsigned>(given));
        m_logs = qEnvironmentVariableIsSet("QUANTSCOPE_DRIVER_LOG");
        test::failOnWarnings();
        makeWindow();
        copyModels();
        session().setDiscardGuard([this] { return below(3) > 0; });
        QElapsedTimer timer;
        timer.start();
        int steps = 0;
        for (; timer.elapsed() < 1000 * (seconds > 0 ? seconds : kSeconds); ++steps) {
            step();
            if (QTest::currentTestFailed())
                return;
            if (steps % 200 == 199)
                checkShown();
        }
        checkShown();
        qInfo("%d steps", steps);
    }

private:
    int below(int count) { return count <= 0 ? 0 : static_cast<int>(m_random() % static_cast<unsigned>(count)); }
    template <class List> auto oneOf(const List &list)
    {
        return list[static_cast<typename List::size_type>(below(static_cast<int>(list.size())))];
    }

    void copyModels()
    {
        const std::pair<std::string, QString> from[] = {{test::sample("digits_float.pt"), u"float.pt"_s},
            {test::sample("digits_float.recipe.toml"), u"float.recipe.toml"_s},
            {test::sample("digits_fixed_qonnx.onnx"), u"graph.onnx"_s},
            {test::data("batch_norm/unmerged.pt"), u"norm.pt"_s},
            {test::data("brevitas/0.10.2/unet_cat.pt"), u"unet.pt"_s},
            {test::data("brevitas/0.10.2/unet_cat.qonnx.onnx"), u"unet_qonnx.onnx"_s}};
        for (const auto &[source, name] : from)
            QVERIFY2(QFile::copy(QString::fromStdString(source), m_folder->filePath(name)), source.c_str());
        write(m_folder->filePath(u"broken.pt"_s), "no model");
        m_models = {m_model, m_folder->filePath(u"float.pt"_s), m_folder->filePath(u"graph.onnx"_s),
            m_folder->filePath(u"norm.pt"_s), m_folder->filePath(u"unet.pt"_s), m_folder->filePath(u"broken.pt"_s)};
    }

    struct Deed {
        const char *name;
        int weight; ///< how often among the others
        std::function<void()> run;
    };
    const std::vector<Deed> &deeds()
    {
        static const std::vector<Deed> table{
            {"open", 3, [this] { session().open(oneOf(m_models)); }},
            {"close", 1, [this] { session().close(); }},
            {"reload", 1, [this] { session().reload(); }},
            {"select", 20, [this] { select(); }},
            {"slot", 6,
                [this] {
                    session().selectSlot(oneOf(QStringList{u"weight"_s, u"bias"_s, u"act"_s}));
                }},
            {"page", 14, [this] { m_window->showPage(static_cast<PageId>(below(kPageCount))); }},
            {"part", 8, [this] { showPart(); }},
            {"edit", 6, [this] { edit(); }},
            {"merge", 2, [this] { session().setBatchNormsMerged(session().selectedLayers(), below(2) == 0); }},
            {"confirm", 2, [this] { session().confirmLayers(session().selectedLayers()); }},
            {"undo", 6, [this] { session().undoStack().undo(); }},
            {"redo", 3, [this] { session().undoStack().redo(); }},
            {"drag", 8, [this] { drag(); }},
            {"propose", 6, [this] { propose(); }},
            {"apply all", 2, [this] { session().proposals().applyAll(); }},
            {"discard all", 1, [this] { session().proposals().discardAll(); }},
            {"second", 3, [this] { session().second().open(oneOf(m_models)); }},
            {"swap", 5, [this] { session().second().swap(); }},
            {"second's recipe", 1,
                [this] {
                    const bool none = below(2) == 0;
                    session().second().useRecipe(none ? RecipeChoice::None : RecipeChoice::Beside);
                }},
            {"stop comparing", 1, [this] { session().second().close(); }},
            {"filter", 5,
                [this] {
                    edit("filter")->setText(oneOf(QStringList{u"conv"_s, u"bits<8"_s, u"x<"_s, u""_s, u""_s}));
                }},
            {"find", 4,
                [this] {
                    if (session().network())
                        m_window->pages()->find(oneOf(QStringList{u"|code|>=3"_s, u"0x2"_s, u"clipped"_s, u"?"_s}));
                }},
            {"export", 3, [this] { startExport(); }},
            {"escape", 5, [this] { m_window->escape(); }},
            {"save", 1,
                [this] {
                    if (session().state() == Session::State::Ready)
                        session().saveRecipe(m_folder->filePath(u"saved.toml"_s));
                }},
            {"theme", 1, [this] { m_window->setTheme(below(2) == 0 ? ThemeChoice::Light : ThemeChoice::Dark); }},
            {"resize", 1, [this] { m_window->resize(900 + below(600), 600 + below(300)); }},
            {"key", 12, [this] { press(); }},
            {"operators", 1,
                [this] {
                    if (session().network())
                        m_window->showOperators(!m_window->showsOperators());
                }},
            {"wait", 12, [this] { QTest::qWait(below(60)); }},
        };
        return table;
    }

    void step()
    {
        int all = 0;
        for (const Deed &deed : deeds())
            all += deed.weight;
        int at = below(all);
        for (const Deed &deed : deeds())
            if ((at -= deed.weight) < 0) {
                if (m_logs)
                    qInfo("%s", deed.name);
                deed.run();
                break;
            }
        if (below(3) == 0)
            QCoreApplication::processEvents();
    }

    QStringList names() const
    {
        const auto network = m_window->session().network();
        return network ? layerNames(*network) : QStringList();
    }
    void select()
    {
        QStringList chosen;
        for (int i = below(4); i >= 0 && !names().isEmpty(); --i)
            if (const QString name = oneOf(names()); !chosen.contains(name))
                chosen << name;
        if (below(10) == 0)
            chosen = below(2) == 0 ? names() : QStringList();
        session().selectLayers(chosen);
    }
    void showPart()
    {
        if (!session().network())
            return;
        Page *page = m_window->pages()->page(m_window->pages()->current());
        if (!page->parts().isEmpty())
            page->showPart(below(static_cast<int>(page->parts().size())));
        else if (auto *distribution = qobject_cast<DistributionPage *>(page))
            distribution->showChart(below(3));
    }
    CandidateText candidate()
    {
        static const std::vector<std::string> texts{"ap_fixed<6,-1>", "ap_fixed<3,0>", "binary", "ternary",
            "Int8WeightPerTensorFloat,bit_width=5", "Int8WeightPerChannelFixedPoint", "torch_per_channel_affine"};
        return *parseCandidate(oneOf(texts));
    }
    std::vector<Proposal> choices()
    {
        std::vector<Proposal> made;
        for (const QString &layer : session().selectedLayers())
            made.push_back(Proposal::of(str(layer), below(8) == 0 ? Slot::Bias : Slot::Weight, candidate()));
        return made;
    }
    void edit()
    {
        const auto made = choices();
        if (!made.empty() && session().network()
            && session().network()->layer(made.front().choice.layer)->slot(made.front().choice.slot))
            session().applyChoices({made.front().choice}, u"edit"_s);
    }
    using test::WindowFixture::edit;
    void propose()
    {
        if (below(2) == 0)
            session().proposals().propose(choices());
        else
            session().proposals().proposeAll(choices(), u"some"_s);
    }
    void drag()
    {
        if (auto *chart = m_window->findChild<BitWeightChart *>();
            chart && chart->isVisible() && chart->wordLength() > 0)
            chart->tryType({1 + below(10), below(6) - 3, true});
    }
    void startExport()
    {
        if (session().state() != Session::State::Ready || session().selectedLayers().isEmpty())
            return;
        ExportRequest request;
        for (const QString &layer : session().selectedLayers())
            request.layers.push_back(str(layer));
        request.formats = {"mem-hex"};
        request.folder = str(m_folder->filePath(u"hw%1"_s.arg(below(2))));
        request.verify = true;
        session().exports().start(session().network(), request);
    }
    void press()
    {
        static constexpr std::array kKeys = {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_Home,
            Qt::Key_End, Qt::Key_PageDown, Qt::Key_J, Qt::Key_K, Qt::Key_D, Qt::Key_E, Qt::Key_Escape};
        const Qt::KeyboardModifiers modifiers = below(4) == 0 ? Qt::ShiftModifier : Qt::NoModifier;
        QWidget *focus = QApplication::focusWidget();
        if (QApplication::activeModalWidget() == nullptr && QApplication::activePopupWidget() == nullptr)
            QTest::keyClick(
                focus ? focus : m_window.get(), kKeys[static_cast<std::size_t>(below(kKeys.size()))], modifiers);
    }

    /// Everything has come to rest, and what is shown is what the recipe says, computed here from nothing.
    void checkShown()
    {
        session().exports().cancel();
        const auto rests = [this] {
            const bool opened
                = session().state() != Session::State::Loading && session().state() != Session::State::Listed;
            return opened && !session().recovering() && session().proposals().idle() && !session().second().running();
        };
        // An opening that was cancelled half way is left as it is.
        if (!QTest::qWaitFor(rests, 20000) && session().state() == Session::State::Listed)
            session().reload();
        QVERIFY(QTest::qWaitFor(rests, 60000));
        if (session().state() != Session::State::Ready)
            return;
        QCOMPARE(session().proposals().empty(), session().proposals().all().empty()); // none is another model's
        QVERIFY(
            !session().second().isOpen() || session().second().comparison() || !session().second().problem().isEmpty());
        const auto anew = session().opened()->network(session().recipe(), {}, nullptr);
        QVERIFY2(anew, anew ? "" : anew.error().text().c_str());
        for (const Layer &layer : session().network()->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                const SlotQuantizer *wanted = anew->layer(layer.name)->slot(slot.slot);
                QVERIFY2(wanted && wanted->quantizer.has_value() == slot.quantizer.has_value()
                        && (!slot.quantizer || wanted->quantizer->scale == slot.quantizer->scale)
                        && (!slot.quantizer || wanted->quantizer->bitWidth == slot.quantizer->bitWidth),
                    layer.name.c_str());
            }
    }

    std::mt19937 m_random;
    QStringList m_models;
    bool m_logs = false;
};

QTEST_MAIN(RandomDriverTest)
#include "tst_random_driver.moc"
