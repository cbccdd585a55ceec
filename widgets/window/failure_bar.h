#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace quantscope {

/// What did not work, above what stays shown; where a recipe is to blame, the ways on.
class FailureBar : public QFrame {
    Q_OBJECT
public:
    explicit FailureBar(QWidget *parent = nullptr);
    /// `ofRecipe`: the file can be opened without it, or again once it is put right.
    void showFailure(const QString &text, bool ofRecipe);

Q_SIGNALS:
    void withoutRecipe();
    void again();

private:
    QLabel *m_text;
    QPushButton *m_without, *m_again;
};

} // namespace quantscope
