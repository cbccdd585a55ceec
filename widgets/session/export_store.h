#pragma once

#include "export/export.h"
#include "session/task.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>

namespace quantscope {

/// The export that runs, whatever page is shown and whatever model is open meanwhile, and what the last one wrote.
class ExportStore : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// What was asked for, and what came of it.
    struct Written {
        std::shared_ptr<const Network> network;
        ExportRequest request;
        QString at; ///< the time of day
        Result<ExportReport> report;
    };

    /// Nothing happens while another one runs.
    void start(std::shared_ptr<const Network> network, const ExportRequest &request);
    /// Nothing of it is left behind.
    void cancel();
    bool running() const { return m_writing.running(); }
    /// "exporting digits.pt to /home/me/digits_hw: 2 layers", then "...: compiling conv2.h, 3 of 64"; empty where
    /// nothing runs.
    QString text() const { return running() ? m_to + QStringLiteral(": ") + m_step : QString(); }
    bool verifies() const { return m_verifies; } ///< what is written is compiled and compared
    const std::optional<Written> &written() const { return m_written; }

Q_SIGNALS:
    void started();
    void progress(int permille);
    void finished(); ///< written() is there, or it was cancelled

private:
    void showStep(const std::shared_ptr<const int> &run, const QString &step);

    QString m_to, m_step;
    std::shared_ptr<const int> m_run; ///< tells its steps from those of one before
    int m_permille = 0;
    bool m_verifies = false;
    std::optional<Written> m_written;
    Task<ExportReport> m_writing;
};

} // namespace quantscope
