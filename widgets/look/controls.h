#pragma once

#include <QFrame>
#include <QLabel>
#include <QToolButton>

#include <functional>

class QBoxLayout;
class QButtonGroup;
class QLineEdit;
class QMenu;
class QPushButton;
class QTableView;

namespace quantscope {

/// A panel with a line around it. `layout()` is a vertical box.
class Card : public QFrame {
public:
    explicit Card(QWidget *parent = nullptr, int margin = 14);
    QBoxLayout *box() const { return m_box; }

private:
    QBoxLayout *m_box;
};

/// A name over a number, such as "SQNR / 26.8 dB". The number's label has the object name `figure-NAME`. Where a query
/// finds what was counted, a click or Enter asks for it.
class Figure : public QFrame {
    Q_OBJECT
public:
    Figure(const QString &name, const QString &objectName, QWidget *parent = nullptr);
    void setValue(const QString &value, const QString &tip, const QString &query = {});
    QString value() const { return m_value->text(); }

Q_SIGNALS:
    void queried(const QString &query);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void ask();

    QString m_query;
    QLabel *m_name;
    QLabel *m_value;
};

/// Exclusive buttons in one frame.
class Segmented : public QWidget {
    Q_OBJECT
public:
    explicit Segmented(const QString &accessibleName, QWidget *parent = nullptr);
    void setItems(const QStringList &texts);
    void setItemTip(int index, const QString &tip);
    void setItemEnabled(int index, bool enabled);
    int current() const;
    QString currentText() const;
    int count() const;
    /// Selects without a signal; -1 for none.
    void setCurrent(int index);

Q_SIGNALS:
    void selected(int index);

private:
    QButtonGroup *m_group;
};

/// A label that paints exponents large enough to read, also in lines that wrap; while text is selected, as Qt does.
class ExponentLabel : public QLabel {
public:
    using QLabel::QLabel;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int heightForWidth(int width) const override;
    QStringList linesIn(double width) const;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool paintsItself() const;
    QSize widened(QSize size) const;
};

/// Plain text only: names from a file are never taken for markup.
QLabel *plainLabel(const QString &text = {}, QWidget *parent = nullptr);
QLabel *dimLabel(const QString &text = {}, QWidget *parent = nullptr);
QLabel *monoLabel(const QString &text = {}, QWidget *parent = nullptr);
QLabel *titleLabel(const QString &text = {}, double factor = 1.0, QWidget *parent = nullptr);
QLabel *keyCap(const QString &key, QWidget *parent = nullptr);
QLabel *badge(const QString &kind, QWidget *parent = nullptr);
QFrame *ruler(QWidget *parent = nullptr);
QPushButton *textButton(const QString &text, const QString &tip, QWidget *parent = nullptr);
/// Row heights, fonts and headers that all tables share.
void setUpTable(QTableView *table, const QString &accessibleName);
/// Marks an input whose text cannot be used, and says why, in its tooltip too.
void setWrong(QLineEdit *edit, bool wrong, const QString &reason = {});
/// What is wrong, with a sign and in the colour of errors; hides the label where nothing is.
void showProblem(QLabel *label, const QString &text);
/// A click or a key on what can be ticked leaves the menu open.
void keepOpen(QMenu *menu);
/// A tooltip of plain text, whatever characters it has.
QString plainTip(const QString &text);
void setAccessible(QWidget *widget, const QString &name, const QString &tip = {});

/// Text cut in the middle to its width, whole in the tooltip.
class ElidedLabel : public QLabel {
public:
    explicit ElidedLabel(Qt::TextElideMode mode, QWidget *parent = nullptr);
    void setFullText(const QString &text, const QString &tip = {});
    QSize minimumSizeHint() const override { return {24, QLabel::minimumSizeHint().height()}; }
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Qt::TextElideMode m_mode;
};

} // namespace quantscope
