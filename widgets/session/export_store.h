#pragma once

#include "export/export.h"
#include "session/task.h"

#include <QObject>
#include <QString>

#include <atomic>
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
        bool cancelled = false; ///< too late: the report tells what came of it all the same
    };

    /// Nothing happens while another one runs.
    void start(std::shared_ptr<const Network> network, const ExportRequest &request);
    /// It runs until it has stopped or is done: finished() tells which. Nothing of one that stopped is left behind.
    void cancel();
    bool running() const { return m_writing.running(); }
    bool stopping() const { return running() && *m_isCancelled; }
    /// "exporting digits.pt to /home/me/digits_hw: 2 layers", then "...: compiling conv2.h, 3 of 64", "...: stopping";
    /// empty where nothing runs.
    QString text() const { return running() ? m_to + QStringLiteral(": ") + m_step : QString(); }
    QString step() const { return running() ? m_step : QString(); } ///< the end of text()
    bool verifies() const { return m_verifies; } ///< what is written is compiled and compared
    const std::optional<Written> &written() const { return m_written; }

Q_SIGNALS:
    void started();
    void progress(int permille);
    void stops(int permille); ///< it was asked to
    void finished(); ///< written() is there, or it was cancelled in time

private:
    void take(std::shared_ptr<const Network> network, const ExportRequest &request, Result<ExportReport> report);
    void showStep(const std::shared_ptr<std::atomic<bool>> &run, const QString &step);

    QString m_to, m_step;
    std::shared_ptr<std::atomic<bool>> m_isCancelled; ///< of the newest; tells its steps from those of one before
    int m_permille = 0;
    bool m_verifies = false;
    std::optional<Written> m_written;
    Task<ExportReport> m_writing;
};

} // namespace quantscope
