#pragma once

#include "items/diagnostic_model.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;
class QTableView;

namespace quantscope {

class Session;

/// Problems, worst first. Enter or a double click goes to the layer.
class ProblemsPanel : public QWidget {
    Q_OBJECT
public:
    explicit ProblemsPanel(Session &session, QWidget *parent = nullptr);
    QTableView *table() { return m_table; }
    DiagnosticModel *model() { return &m_model; }

Q_SIGNALS:
    /// `query` finds the elements that the problem is about (analysis/find_query.h); empty where it is about none.
    void activated(const QString &layer, const QString &slot, const QString &query);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeHeader();
    void onNetwork();

    Session &m_session;
    DiagnosticModel m_model;
    QLabel *m_title, *m_summary;
    QPushButton *m_python; ///< where a preset is assumed
    QTableView *m_table;
    QTimer m_measure;
};

} // namespace quantscope
