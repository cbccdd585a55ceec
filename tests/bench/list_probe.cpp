// How long the window is busy with the list of layers of a network of thousands: what a person does, until it is
// painted.
//   list_probe FILE
// Prints the slowest of some tries of each, in milliseconds. A frame has 16.

#include "look/theme.h"
#include "panels/layers_panel.h"
#include "session/settings.h"
#include "window/main_window.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QLineEdit>
#include <QTableView>

#include <algorithm>
#include <cstdio>
#include <functional>

using namespace quantscope;

namespace {

void measure(const char *what, int tries, const std::function<void(int)> &act)
{
    double slowest = 0;
    for (int i = 0; i < tries; ++i) {
        QElapsedTimer timer;
        timer.start();
        act(i);
        QApplication::processEvents();
        slowest = std::max(slowest, static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    std::printf("%-28s %8.1f ms\n", what, slowest);
}

void walkThrough(MainWindow &window)
{
    LayersPanel &list = *window.layers();
    auto *filter = window.findChild<QLineEdit *>(QStringLiteral("filter"));
    measure("flat", 3, [&](int) { list.showTree(false); });
    measure("tree", 1, [&](int) { list.showTree(true); });
    measure("unfold all", 3, [&](int) { list.unfoldAll(true); });
    list.table()->selectRow(1);
    measure("fold a branch, unfold it", 6, [&](int i) {
        QKeyEvent press(QEvent::KeyPress, i % 2 ? Qt::Key_Right : Qt::Key_Left, Qt::NoModifier);
        QApplication::sendEvent(list.table(), &press);
    });
    const QString typed = QStringLiteral("blocks.7*conv bits<9");
    measure("type a letter of a filter", static_cast<int>(typed.size()),
        [&](int i) { filter->setText(typed.left(i + 1)); });
    measure("clear the filter", 1, [&](int) { filter->clear(); });
    measure("the next layer", 40, [&](int) { list.step(1); });
    measure("sort by SQNR", 2,
        [&](int i) { list.table()->sortByColumn(LayerModel::Sqnr, i ? Qt::AscendingOrder : Qt::DescendingOrder); });
    measure("the next layer, sorted", 20, [&](int) { list.step(1); });
    measure("sort by layer", 1, [&](int) { list.table()->sortByColumn(LayerModel::Name, Qt::AscendingOrder); });
    measure("select a branch", 1, [&](int) { list.table()->selectRow(1); });
    measure("fold all", 1, [&](int) { list.unfoldAll(false); });
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Settings::setVolatile();
    Theme::instance().apply(ThemeChoice::Light);
    MainWindow window;
    window.resize(1440, 900);
    window.show();
    Session &session = window.session();
    double busy = 0; // the longest that no event was looked at
    QElapsedTimer timer;
    timer.start();
    window.open(QString::fromLocal8Bit(argc > 1 ? argv[1] : ""));
    while (session.state() != Session::State::Ready || !session.statistics().idle()) {
        QElapsedTimer one;
        QApplication::processEvents(QEventLoop::WaitForMoreEvents, 20);
        one.start();
        QApplication::processEvents();
        busy = std::max(busy, static_cast<double>(one.nsecsElapsed()) / 1e6);
        if (session.state() == Session::State::Failed)
            return 1;
    }
    std::printf("open: %lld ms, busy for %.1f ms at most\n", static_cast<long long>(timer.elapsed()), busy);
    walkThrough(window);
    return 0;
}
