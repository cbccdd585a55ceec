#pragma once

#include "look/controls.h"
#include "session/settings.h"
#include "session/task.h"

class QGridLayout;
class QTableWidget;

namespace quantscope {

/// What one sees without a file: a place to drop one, the bundled samples and what was open before. Never an empty
/// window.
class StartPage : public QWidget {
    Q_OBJECT
public:
    explicit StartPage(QWidget *parent = nullptr);
    void refreshRecent();
    /// A file that could not be opened: what was wrong, with which file, what to try.
    void showError(const QString &text);
    /// Folder of the bundled samples; empty when they are not installed.
    static QString samplesFolder();

Q_SIGNALS:
    void openRequested(const QString &path);
    void chooseRequested();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    struct RecentState {
        RecentFile file;
        bool exists = true;
        bool changed = false;
    };
    QWidget *makeError();
    QWidget *makeDropCard();
    QWidget *makeSamples();
    QWidget *makeRecent();
    QWidget *makeKeys();
    void addSample(QGridLayout *grid, int row, int column, const QString &name);
    void fillRecent(const std::vector<RecentState> &states);
    void fillRow(int row, const RecentState &state);
    bool moveBy(int key);
    void clearRecent();

    QFrame *m_error;
    QLabel *m_errorText;
    QTableWidget *m_recent;
    QLabel *m_noRecent;
    QPushButton *m_clear;
    std::vector<QPushButton *> m_samples;
    Task<std::vector<RecentState>> m_checking;
};

} // namespace quantscope
