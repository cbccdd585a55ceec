#pragma once

#include <QFrame>

class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;
class QPushButton;

namespace quantscope {

class ElidedLabel;
class Session;

/// The second model above what is shown of the first: how they differ in one sentence, why, and what else it can be
/// compared by. Hidden without a second model.
class SecondBar : public QFrame {
    Q_OBJECT
public:
    explicit SecondBar(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    void chooseRecipeRequested();

private:
    QWidget *makeState();
    QWidget *makeWhy();
    QWidget *makeRules();
    void showRules(bool shown);
    void fillMenu();
    void fillParts(QMenu *menu);
    void refresh();
    void refreshWhy();
    void onProgress(const QString &text, int permille);
    void step(int by);
    void goThere();
    void applyRules();
    void useRule();
    QString stateText() const;
    QString findingText() const;
    void copyAll() const;

    Session &m_session;
    ElidedLabel *m_name, *m_state;
    QProgressBar *m_progress;
    QPushButton *m_cancel, *m_again, *m_why, *m_more;
    QMenu *m_menu;
    QWidget *m_whyBox, *m_rulesBox;
    QLabel *m_kind, *m_finding, *m_fix, *m_place, *m_wrong;
    QPushButton *m_back, *m_next, *m_go, *m_rule;
    QLineEdit *m_rules;
    int m_at = 0; ///< of the findings
};

} // namespace quantscope
