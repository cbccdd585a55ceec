#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QSet>
#include <QStringList>

#include <string>
#include <vector>

namespace quantscope {

/// Files that something was read from, also those that are not there yet: told when another program writes, removes or
/// makes one.
class WatchedFiles : public QObject {
    Q_OBJECT
public:
    WatchedFiles();

    void clear();
    void add(const QStringList &paths);
    void add(const std::vector<std::string> &paths);

Q_SIGNALS:
    void changed(const QString &path);

private:
    void onFile(const QString &path);
    void onFolder();

    QFileSystemWatcher m_watcher;
    QSet<QString> m_missing; ///< whose folders are watched
};

} // namespace quantscope
