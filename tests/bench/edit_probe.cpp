// How long the window needs until everything is current after one layer's candidate was applied to a 1 GB checkpoint
// (64 layers of 4 Mi weights): quantizers, statistics, problems, and its pages painted.

#include "checkpoint_file.h"
#include "dialects/brevitas/recipe_edits.h"
#include "look/theme.h"
#include "session/settings.h"
#include "window/main_window.h"

#include <QApplication>
#include <QElapsedTimer>

#include <cstdio>
#include <functional>

using namespace quantscope;

static void waitFor(const std::function<bool()> &done)
{
    while (!done())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 20);
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Settings::setVolatile();
    Theme::instance().apply(ThemeChoice::Light);
    const auto file = bench::CheckpointFile::weights(64, {2048, 2048});
    MainWindow window;
    window.resize(1440, 900);
    window.show();
    Session &session = window.session();
    window.open(QString::fromStdString(file.path()));
    const auto current = [&] { return session.state() == Session::State::Ready && session.statistics().idle(); };
    waitFor(current);
    session.selectLayers({QStringLiteral("layers.7")});
    window.grab();
    QElapsedTimer timer;
    for (int bits = 3; bits < 8; ++bits) {
        timer.start();
        session.applyChoices(
            {{"layers.7", Slot::Weight, "Int8WeightPerTensorFixedPoint", {{"bit_width", std::to_string(bits)}}}},
            QStringLiteral("candidate"));
        waitFor([&] {
            return session.network()->layer("layers.7")->slot("weight")->quantizer->bitWidth == bits && current();
        });
        const qint64 known = timer.elapsed();
        window.grab();
        std::printf("%d bits: known after %lld ms, painted after %lld ms\n", bits, static_cast<long long>(known),
            static_cast<long long>(timer.elapsed()));
    }
    return 0;
}
