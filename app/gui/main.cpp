#include "look/theme.h"
#include "session/settings.h"
#include "window/command_line.h"
#include "window/main_window.h"
#include "window/screenshots.h"

#include <QApplication>
#include <QIcon>
#include <QScreen>

#include <cstdio>

using namespace quantscope;

int main(int argc, char **argv)
{
    const CommandLine line = parseCommandLine(std::vector<std::string>(argv + 1, argv + argc));
    if (line.exitStatus) {
        std::fputs(line.message.c_str(), *line.exitStatus == 0 ? stdout : stderr);
        return *line.exitStatus;
    }
    if (line.screenshots())
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("quantscope-gui"));
    QApplication::setDesktopFileName(QStringLiteral("io.github.quantscope.QuantScope"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/quantscope.svg")));
    if (line.screenshots())
        return takeScreenshots(line);
    Theme::instance().apply(line.theme.value_or(savedTheme()));
    MainWindow window;
    window.fitTo(QGuiApplication::primaryScreen()->availableSize());
    rememberData(line);
    if (!line.file.empty())
        window.open(QString::fromLocal8Bit(line.file.c_str()), QString::fromLocal8Bit(line.recipe.c_str()));
    if (!line.second.empty())
        QObject::connect(
            &window.session(), &Session::networkChanged, &window,
            [&window, second = QString::fromLocal8Bit(line.second.c_str())] { window.session().second().open(second); },
            Qt::SingleShotConnection);
    window.show();
    return QApplication::exec();
}
