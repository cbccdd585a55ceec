#include "window/screenshots.h"

#include "items/text.h"
#include "look/theme.h"
#include "pages/page.h"
#include "session/run_data.h"
#include "session/settings.h"
#include "window/command_line.h"
#include "window/main_window.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QPixmap>
#include <QTimer>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr qint64 kPatience = 10 * 60 * 1000; // a 20 GB model takes minutes

static int fail(int status, const QString &text)
{
    std::fputs(("quantscope-gui: " + str(text) + "\n").c_str(), stderr);
    return status;
}

/// Each of thousands of slots is told of and followed by the next as an event: none of them waits for a sleep to end.
static void processEvents()
{
    QTimer beat; // nothing may happen any more
    beat.start(2);
    QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
}

template <class Done> static bool waitFor(Done done)
{
    QElapsedTimer timer;
    timer.start();
    while (!done()) {
        if (timer.elapsed() > kPatience)
            return false;
        processEvents();
    }
    return true;
}

/// Work of a page itself (a search, a preview) is short on what is shown first: until nothing has changed for a while.
static void settle()
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 250)
        processEvents();
}

static QString savePicture(MainWindow &window, const QString &folder, const QString &name)
{
    settle();
    const QString path = QDir(folder).filePath(name + u".png"_s);
    return window.grab().save(path, "PNG") ? QString() : path + u": cannot be written"_s;
}

/// A page, or its parts one after the other, the one that it opens with last.
static QString drawPage(MainWindow &window, const PageRow &row, const QString &folder)
{
    window.showPage(row.id);
    Page *page = window.pages()->page(row.id);
    const QStringList parts = page->parts();
    for (qsizetype i = 1; i <= std::max<qsizetype>(1, parts.size()); ++i) {
        if (!parts.isEmpty())
            page->showPart(static_cast<int>(i % parts.size()));
        settle();
        waitFor([page] { return page->idle(); });
        const QString name = parts.isEmpty() ? row.picture : parts[i % parts.size()];
        if (const QString error = savePicture(window, folder, name); !error.isEmpty())
            return error;
    }
    return {};
}

static QString drawPages(MainWindow &window, const QString &folder)
{
    for (const PageRow &row : pageTable())
        if (const QString error = drawPage(window, row, folder); !error.isEmpty())
            return error;
    window.showPage(PageId::Overview);
    window.spreadProblems();
    window.focusProblems();
    return savePicture(window, folder, u"problems"_s);
}

void rememberData(const CommandLine &line)
{
    if (!line.data.empty())
        rememberRunData(QFileInfo(qs(line.file)).absoluteFilePath(), runDataAt(qs(line.data), qs(line.labels)));
}

/// Why it does not run; empty where it did, or was not asked for.
static QString runOnData(Session &session, const CommandLine &line)
{
    if (!line.data.empty())
        session.runs().run();
    waitFor([&] { return !session.runs().running(); });
    return session.runs().problem();
}

int takeScreenshots(const CommandLine &line)
{
    Settings::setVolatile();
    Theme::instance().apply(line.theme.value_or(ThemeChoice::Light));
    const QString folder = qs(line.screenshotFolder);
    if (!QDir().mkpath(folder))
        return fail(3, folder + u": cannot be created"_s);
    MainWindow window;
    window.resize(line.size);
    window.show();
    if (const QString error = savePicture(window, folder, u"start"_s); !error.isEmpty())
        return fail(3, error);
    rememberData(line);
    window.open(qs(line.file), qs(line.recipe));
    Session &session = window.session();
    waitFor([&] { return session.state() == Session::State::Ready || session.state() == Session::State::Failed; });
    if (session.state() != Session::State::Ready)
        return fail(3, session.errorText());
    if (!line.layer.empty() && !session.network()->layer(line.layer))
        return fail(2, u"%1: no layer is named %2"_s.arg(qs(line.file), qs(line.layer)));
    if (!line.layer.empty())
        session.selectLayers({qs(line.layer)});
    session.target().setTarget(line.target);
    if (!line.slot.empty())
        session.selectSlot(qs(line.slot));
    if (!line.second.empty())
        session.second().open(qs(line.second));
    waitFor([&] { return session.statistics().idle() && !session.target().running() && !session.second().running(); });
    if (!session.second().problem().isEmpty())
        return fail(3, session.second().problem());
    if (const QString problem = runOnData(session, line); !problem.isEmpty())
        return fail(3, problem);
    const QString error = drawPages(window, folder);
    return error.isEmpty() ? 0 : fail(3, error);
}

} // namespace quantscope
