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
    /// 1000: nothing runs.
    void setProgress(int permille);
    void setChangedOnDisk(bool changed);
    /// The edit that would be undone; empty for none.
    void setUndoText(const QString &text);

Q_SIGNALS:
    void cancelRequested();
    void reloadRequested();

private:
    QLabel *m_text, *m_undo;
    QProgressBar *m_progress;
    QPushButton *m_cancel, *m_reload;
};

} // namespace quantscope
