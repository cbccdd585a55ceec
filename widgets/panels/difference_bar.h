#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace quantscope {

class Session;

/// How the tensor that the pages show differs from that of a second model. Hidden without one.
class DifferenceBar : public QWidget {
    Q_OBJECT
public:
    explicit DifferenceBar(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    /// Finds the elements that changed (diff/find_changes.h).
    void queryRequested(const QString &query);

private:
    void refresh();

    Session &m_session;
    QLabel *m_sign, *m_text;
    QPushButton *m_find;
};

} // namespace quantscope
