// How long a process takes until its window is painted: an empty Qt Charts window, or QuantScope with a model.
//   startup_probe empty      startup_probe FILE
// Prints milliseconds since the process was started. Compare medians of 20 runs of each.

#include "look/theme.h"
#include "session/settings.h"
#include "window/main_window.h"

#include <QApplication>
#include <QtCharts/QChart>
#include <QtCharts/QChartView>

#include <QTimer>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <unistd.h>

/// Start of the process on the boot clock (proc(5), field 22 of /proc/self/stat), in clock ticks of 10 ms.
static double startedAt()
{
    std::ifstream stat("/proc/self/stat");
    std::string word;
    for (int field = 1; field <= 22; ++field)
        stat >> word;
    return std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK)) * 1000;
}

static double now()
{
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec) / 1e6;
}

static void report(const char *what) { std::printf("%s %.0f ms\n", what, now() - startedAt()); }

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    if (argc < 2 || std::string(argv[1]) == "empty") {
        QChartView view(new QChart);
        view.resize(1440, 900);
        view.show();
        QTimer::singleShot(0, [&] {
            view.grab();
            report("painted");
            QApplication::quit();
        });
        return QApplication::exec();
    }
    quantscope::Settings::setVolatile();
    report("application");
    quantscope::Theme::instance().apply(quantscope::ThemeChoice::Light);
    quantscope::MainWindow window;
    report("window");
    auto &session = window.session();
    QObject::connect(&session, &quantscope::Session::stateChanged, &window, [&] {
        if (session.state() == quantscope::Session::State::Listed
            || session.state() == quantscope::Session::State::Ready)
            QTimer::singleShot(0, &window, [&] {
                window.grab();
                report(session.state() == quantscope::Session::State::Ready ? "quantizers painted" : "layers painted");
                if (session.state() == quantscope::Session::State::Ready)
                    QApplication::quit();
            });
    });
    window.open(QString::fromLocal8Bit(argv[1]));
    window.show();
    report("shown");
    return QApplication::exec();
}
