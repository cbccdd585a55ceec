#pragma once

#include "items/problem_model.h"
#include "items/problem_place.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include <optional>

class QLabel;
class QMenu;
class QPushButton;
class QTableView;

namespace quantscope {

class Session;

/// What the target says of the model in one line, and its problems by rule, worst first. Enter or a double click goes
/// to what a problem speaks of; a group folds and unfolds.
class ProblemsPanel : public QWidget {
    Q_OBJECT
public:
    explicit ProblemsPanel(Session &session, QWidget *parent = nullptr);
    QTableView *table() { return m_table; }
    ProblemModel *model() { return &m_model; }
    /// What can be done with a row: going there, copying, muting. Null where there is nothing.
    QMenu *menu(int row);

Q_SIGNALS:
    /// A layer's problem; without a layer it is about the file.
    void activated(const ProblemPlace &place);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeHeader();
    void setUpProblems();
    void onNetwork();
    void showVerdict();
    void setFolded(int row, bool folded);
    void select(int row);
    void addMutes(QMenu &menu, int row);
    void fitRows();
    bool isShort() const;

    Session &m_session;
    ProblemModel m_model;
    QLabel *m_title, *m_verdict;
    QPushButton *m_python; ///< where a preset is assumed
    QTableView *m_table;
    QString m_path; ///< of the model whose problems these are
    std::optional<Finding> m_at; ///< where somebody is, also while a new check has not come to it yet
    QTimer m_measure;
    QElapsedTimer m_folded; ///< since a group folded or unfolded: a double click is one click
};

} // namespace quantscope
