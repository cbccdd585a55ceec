#pragma once

#include "run/data_choice.h"
#include "session/task.h"

#include <QObject>
#include <QString>

class QMenu;
class QWidget;

namespace quantscope {

class Session;

/// Chooses the files with data and labels for the shown model, and the array where a file holds several.
class DataFiles : public QObject {
    Q_OBJECT
public:
    DataFiles(Session &session, QWidget &window);
    enum class Role { Samples, Labels };

    /// A file that may hold data, by its name.
    static bool looksLikeData(const QString &path);
    void choose(Role role);
    /// Runs the model; asks for data where none are chosen.
    void runOrChoose();
    /// Takes its only array that fits, else asks which.
    void take(const QString &path, Role role);
    /// Arrays of one file with data, or none, and of one with labels, or none.
    void takeArrays(const std::vector<SampleArray> &samples, const std::vector<SampleArray> &labels);
    /// What was dropped may be data, labels or another model: asks, at the pointer. `open` opens it as a model.
    void askWhat(const QString &path, const std::function<void()> &open);
    bool idle() const { return !m_reading.running(); }

Q_SIGNALS:
    void failed(const QString &text);

private:
    void taken(const std::vector<SampleArray> &arrays, Role role);
    void takeSamples(const std::vector<SampleArray> &arrays, const std::optional<SampleArray> &labels = {});
    void takeLabels(const std::vector<SampleArray> &arrays);
    void setSamples(const SampleArray &samples, const std::optional<SampleArray> &labels);
    void setLabels(const std::string &place);
    QMenu *menuOf(const std::vector<SampleArray> &arrays, const std::function<void(const SampleArray &)> &take);

    Session &m_session;
    QWidget &m_window;
    Task<std::vector<SampleArray>> m_reading;
};

} // namespace quantscope
