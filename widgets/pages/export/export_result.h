#pragma once

#include "export/export.h"
#include "look/controls.h"

class QTableWidget;

namespace quantscope {

/// How an export goes, and by what each written file was proven.
class ExportResult : public Card {
    Q_OBJECT
public:
    explicit ExportResult(QWidget *parent = nullptr);
    void showRunning(bool verifies);
    void showProgress(int permille);
    void showCancelled();
    void showError(const QString &text);
    /// `folder` is the one that the files are in.
    void showReport(const ExportReport &report, const QString &folder);

private:
    void fillTable(const ExportReport &report);

    QLabel *m_title, *m_note;
    QTableWidget *m_files;
};

} // namespace quantscope
