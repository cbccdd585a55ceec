#pragma once

#include <QStatusBar>

class QLabel;
class QProgressBar;
class QPushButton;

namespace quantscope {

/// What is open or going on, the last edit, and the buttons that belong to it.
class StatusLine : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusLine(QWidget *parent = nullptr);
    void setText(const QString &text);
    /// What reads or computes; 1000: nothing does.
    void setProgress(int permille);
    /// An export goes on whatever is shown: it has the line until it ends. Empty: none runs.
    void setExport(const QString &text, int permille);
    void setChangedOnDisk(bool changed);
    /// The edit that would be undone; empty for none.
    void setUndoText(const QString &text);

Q_SIGNALS:
    void cancelRequested();
    void reloadRequested();

private:
    void show();

    QString m_shown, m_export;
    int m_permille = 1000, m_exported = 1000;
    QLabel *m_text, *m_undo;
    QProgressBar *m_progress;
    QPushButton *m_cancel, *m_reload;
};

} // namespace quantscope
