#pragma once

#include "look/controls.h"
#include "session/export_store.h"

class QTableWidget;

namespace quantscope {

/// How an export goes, and by what each written file was proven.
class ExportResult : public Card {
    Q_OBJECT
public:
    explicit ExportResult(QWidget *parent = nullptr);
    void showRunning(const ExportStore &exports);
    /// What came of it; nothing: it was cancelled in time.
    void showOutcome(const std::optional<ExportStore::Written> &written);
    /// What is shown belongs to what the page shows. Otherwise `since` says what came after it, as the whole title; a
    /// failure is then gone, and of another model's files nothing is left but that.
    void setCurrent(bool current, const QString &since = {}, bool sameModel = true);

private:
    void showError(const QString &text);
    void showReport(const ExportReport &report, const QString &folder, bool cancelled);
    void show(const QString &verdict, bool written);
    void fillTable(const ExportReport &report);

    QLabel *m_title, *m_note;
    QString m_verdict; ///< as long as it holds
    bool m_written = false; ///< files are there
    QTableWidget *m_files;
};

} // namespace quantscope
