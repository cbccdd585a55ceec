#pragma once

#include "look/controls.h"
#include "run/data_choice.h"
#include "session/task.h"

#include <memory>

class QMenu;
class QProgressBar;

namespace quantscope {

class Session;

/// The line under the top bar: the data of the model, what the network does on them, and running it.
class RunBar : public QFrame {
    Q_OBJECT
public:
    explicit RunBar(Session &session, QWidget *parent = nullptr);
    bool idle() const { return !m_reading.running(); }

Q_SIGNALS:
    void samplesRequested(); ///< a file is to be chosen
    void labelsRequested();

private:
    /// What the chosen files hold.
    struct ReadData {
        std::optional<DataSummary> summary;
        QString problem;
        std::vector<SampleArray> arrays, labelArrays;
    };
    QWidget *makeLine();
    void onData();
    void refresh();
    void refreshData();
    void refreshResult();
    QString problemText() const;
    QString stateText() const;
    void fillSamples();
    void fillLabels();
    void addArray(QMenu *menu, const SampleArray &array, const std::string &chosen, bool asLabels);

    Session &m_session;
    QPushButton *m_samples, *m_labels, *m_run, *m_cancel;
    QLabel *m_facts, *m_accuracy, *m_change;
    ElidedLabel *m_state;
    QProgressBar *m_progress;
    QLabel *m_problem;
    ReadData m_read;
    Task<ReadData> m_reading;
};

} // namespace quantscope
