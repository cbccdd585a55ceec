#pragma once

#include "run/data_choice.h"
#include "session/task.h"

#include <QObject>
#include <QStringList>

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

class DataFiles;
class Session;

/// Several files that are dropped together, each taken for what it is: a model, a second model to compare with it, a
/// recipe, data, labels. What cannot be taken is named with the reason.
class DroppedFiles : public QObject {
    Q_OBJECT
public:
    DroppedFiles(Session &session, DataFiles &dataFiles);

    /// A model among them is opened instead of the one that is shown; without one, they are for that.
    void take(const QStringList &paths);

Q_SIGNALS:
    void failed(const QString &text); ///< what was not taken

private:
    /// What was dropped, by kind.
    struct Sorted {
        QString model, second, recipe;
        QStringList data; ///< samples and labels, in any order
        QStringList left; ///< "c.pt (a third model)"
    };
    /// The arrays of a file, or why it has none.
    struct ReadFile {
        QString path, problem;
        std::vector<SampleArray> arrays;
        bool holdsLabels() const;
    };
    static Sorted sorted(const QStringList &paths);
    void onSession();
    void takeBeside(Sorted dropped);
    void takeData(const std::vector<ReadFile> &files, QStringList left);
    void tell(const QStringList &left);

    Session &m_session;
    DataFiles &m_dataFiles;
    std::optional<Sorted> m_waiting; ///< for its model
    Task<std::vector<ReadFile>> m_reading;
};

} // namespace quantscope
