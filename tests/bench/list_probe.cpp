// How long the window is busy with a network of thousands of layers: what a person does, until it is painted and what
// follows from it is there.
//   list_probe FILE
// Prints of each the longest that no event was looked at and how long it took in all, in milliseconds. A frame has 16.

#include "lab/candidates.h"
#include "look/theme.h"
#include "pages/page_table.h"
#include "panels/layers_panel.h"
#include "session/settings.h"
#include "window/main_window.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QTableView>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

using namespace quantscope;

namespace {

using Clock = std::chrono::steady_clock;

double msSince(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Keeps the longest that one event took.
class Watched : public QApplication {
public:
    using QApplication::QApplication;
    bool notify(QObject *receiver, QEvent *event) override
    {
        if (m_depth > 0)
            return QApplication::notify(receiver, event);
        const Clock::time_point start = Clock::now();
        const int type = event->type();
        const QByteArray name = receiver->metaObject()->className();
        ++m_depth;
        const bool done = QApplication::notify(receiver, event);
        --m_depth;
        if (const double took = msSince(start); took > longest) {
            longest = took;
            what = name + " event " + QByteArray::number(type);
        }
        return done;
    }
    double longest = 0;
    QByteArray what;

private:
    int m_depth = 0;
};

Watched &watched() { return *static_cast<Watched *>(qApp); }

/// Until nothing is left to do.
void settle(Session &session)
{
    Clock::time_point quiet = Clock::now();
    while (msSince(quiet) < 100) {
        QApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
        QTimer::singleShot(5, qApp, [] {});
        const bool busy = session.state() == Session::State::Loading || session.recovering()
            || !session.statistics().idle() || !session.proposals().idle();
        if (busy)
            quiet = Clock::now();
    }
}

void measure(Session &session, const char *what, int tries, const std::function<void(int)> &act)
{
    double acted = 0, total = 0;
    watched().longest = 0;
    for (int i = 0; i < tries; ++i) {
        const Clock::time_point start = Clock::now();
        act(i);
        acted = std::max(acted, msSince(start));
        settle(session);
        total = std::max(total, msSince(start) - 100);
    }
    std::printf("%-34s %9.1f act %9.1f event %9.1f total  %s\n", what, acted, watched().longest, total,
        watched().longest > 16 ? watched().what.constData() : "");
    std::fflush(stdout);
}

void walkThrough(MainWindow &window)
{
    LayersPanel &list = *window.layers();
    Session &session = window.session();
    const auto tries
        = [&](const char *what, int count, const std::function<void(int)> &act) { measure(session, what, count, act); };
    auto *filter = window.findChild<QLineEdit *>(QStringLiteral("filter"));
    tries("flat", 3, [&](int) { list.showTree(false); });
    tries("tree", 1, [&](int) { list.showTree(true); });
    tries("unfold all", 3, [&](int) { list.unfoldAll(true); });
    list.table()->selectRow(1);
    tries("fold a branch, unfold it", 6, [&](int i) {
        QKeyEvent press(QEvent::KeyPress, i % 2 ? Qt::Key_Right : Qt::Key_Left, Qt::NoModifier);
        QApplication::sendEvent(list.table(), &press);
    });
    const QString typed = QStringLiteral("blocks.7*conv bits<9");
    tries("type a letter of a filter", static_cast<int>(typed.size()),
        [&](int i) { filter->setText(typed.left(i + 1)); });
    tries("clear the filter", 1, [&](int) { filter->clear(); });
    tries("the next layer", 40, [&](int) { list.step(1); });
    tries("sort by SQNR", 2,
        [&](int i) { list.table()->sortByColumn(LayerModel::Sqnr, i ? Qt::AscendingOrder : Qt::DescendingOrder); });
    tries("the next layer, sorted", 20, [&](int) { list.step(1); });
    tries("sort by layer", 1, [&](int) { list.table()->sortByColumn(LayerModel::Name, Qt::AscendingOrder); });
    tries("select a branch", 1, [&](int) { list.table()->selectRow(1); });
    tries("fold all", 1, [&](int) { list.unfoldAll(false); });
}

/// With every layer selected.
void walkPages(MainWindow &window)
{
    Session &session = window.session();
    QStringList all;
    for (const Layer &layer : session.network()->layers)
        all << QString::fromStdString(layer.name);
    for (const PageRow &page : pageTable()) {
        window.showPage(page.id);
        const QByteArray name = page.name().toUtf8();
        measure(session, (name + ": select one").constData(), 3, [&](int i) { session.selectLayers({all[i]}); });
        measure(session, (name + ": select all").constData(), 1, [&](int) { session.selectLayers(all); });
    }
    session.selectLayers({all[0]});
}

void edit(MainWindow &window, std::size_t most)
{
    Session &session = window.session();
    QStringList all;
    std::vector<Proposal> proposals;
    const CandidateText candidate = *parseCandidate("Int8WeightPerTensorFixedPoint,bit_width=5");
    for (const Layer &layer : session.network()->layers) {
        all << QString::fromStdString(layer.name);
        if (layer.slot(Slot::Weight))
            proposals.push_back(Proposal::of(layer.name, Slot::Weight, candidate));
    }
    window.showPage(PageId::Overview);
    const auto tries
        = [&](const char *what, const std::function<void()> &act) { measure(session, what, 1, [&](int) { act(); }); };
    measure(session, "edit one layer, undo it", 6, [&](int i) {
        if (i % 2)
            return session.undoStack().undo();
        session.applyChoices({{all[3].toStdString(), Slot::Weight, "Int8WeightPerTensorFixedPoint", {}}}, "one");
    });
    if (proposals.size() > most)
        proposals.resize(most);
    tries("confirm all", [&] { session.confirmLayers(all); });
    tries("undo it", [&] { session.undoStack().undo(); });
    tries("propose for all", [&] { session.proposals().proposeAll(proposals, "all"); });
    tries("apply all proposals", [&] { session.proposals().applyAll(); });
    tries("undo it", [&] { session.undoStack().undo(); });
    tries("discard all proposals", [&] { session.proposals().discardAll(); });
}

} // namespace

int main(int argc, char **argv)
{
    Watched application(argc, argv);
    Settings::setVolatile();
    Theme::instance().apply(ThemeChoice::Light);
    MainWindow window;
    window.resize(1440, 900);
    window.show();
    Session &session = window.session();
    measure(session, "open", 1, [&](int) { window.open(QString::fromLocal8Bit(argc > 1 ? argv[1] : "")); });
    if (session.state() != Session::State::Ready)
        return 1;
    const QString only = QString::fromLocal8Bit(argc > 2 ? argv[2] : "");
    if (only.isEmpty() || only == QStringLiteral("list"))
        walkThrough(window);
    if (only.isEmpty() || only == QStringLiteral("pages"))
        walkPages(window);
    if (only.isEmpty() || only == QStringLiteral("edit"))
        edit(window, argc > 3 ? std::stoul(argv[3]) : std::string::npos);
    return 0;
}
