#pragma once

#include <QFrame>

class QGridLayout;
class QLabel;
class QPushButton;

namespace quantscope {

class Session;
struct NetworkTotals;

/// What is in force against what is proposed, above the list: bits, memory blocks, the worst layer; and the buttons
/// that end it. Hidden while nothing is proposed and nothing was dropped.
class ProposalsBar : public QFrame {
    Q_OBJECT
public:
    explicit ProposalsBar(Session &session, QWidget *parent = nullptr);

private:
    void makeTotals(QGridLayout &grid);
    void connectSession();
    void refresh();
    void showTotals(int row, const NetworkTotals *totals);

    static constexpr int kFigures = 3;
    Session &m_session;
    QLabel *m_title, *m_note;
    QLabel *m_figures[2][kFigures];
    QWidget *m_totals;
    QPushButton *m_apply, *m_discard, *m_seen;
};

} // namespace quantscope
