#include "session/watched_files.h"

#include "items/text.h"

#include <QFileInfo>

#include <algorithm>

namespace quantscope {

/// A system gives a person some thousand watches for all programs.
static constexpr qsizetype kMostWatched = 256;

WatchedFiles::WatchedFiles()
{
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &WatchedFiles::onFile);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, &WatchedFiles::onFolder);
}

void WatchedFiles::clear()
{
    const QStringList paths = m_watcher.files() + m_watcher.directories();
    if (!paths.isEmpty())
        m_watcher.removePaths(paths);
    m_missing.clear();
}

void WatchedFiles::add(const QStringList &paths)
{
    for (const QString &path : paths) {
        if (path.isEmpty() || m_watcher.files().size() + m_missing.size() >= kMostWatched)
            continue;
        if (QFileInfo::exists(path)) {
            m_watcher.addPath(path);
        } else {
            m_missing.insert(path);
            if (const QString folder = QFileInfo(path).absolutePath(); QFileInfo::exists(folder))
                m_watcher.addPath(folder);
        }
    }
}

void WatchedFiles::add(const std::vector<std::string> &paths)
{
    for (const std::string &path : paths)
        add(QStringList(qs(path)));
}

void WatchedFiles::onFile(const QString &path)
{
    add(QStringList(path)); // a file that was renamed into place is another one
    Q_EMIT changed(path);
}

void WatchedFiles::onFolder()
{
    QStringList made;
    std::ranges::copy_if(
        m_missing, std::back_inserter(made), [](const QString &path) { return QFileInfo::exists(path); });
    for (const QString &path : made)
        m_missing.remove(path);
    if (made.isEmpty())
        return;
    add(made);
    for (const QString &path : made)
        Q_EMIT changed(path);
}

} // namespace quantscope
