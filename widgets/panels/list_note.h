#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace quantscope {

/// One line above the list of layers: what the filter finds ("3 of 600 layers"), and why it cannot be used.
class ListNote : public QFrame {
    Q_OBJECT
public:
    explicit ListNote(QWidget *parent = nullptr);
    /// Nothing hides it. `wrong` is why the filter's text cannot be used.
    void setTexts(const QString &found, const QString &wrong);

Q_SIGNALS:
    void showAll();

private:
    QLabel *m_wrong;
    QLabel *m_found;
    QPushButton *m_all;
};

} // namespace quantscope
