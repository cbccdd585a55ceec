#include "look/controls.h"

#include "look/exponent_delegate.h"
#include "look/powers.h"
#include "look/table_copy.h"
#include "look/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QBoxLayout>
#include <QButtonGroup>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QTableView>

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

Card::Card(QWidget *parent, int margin)
    : QFrame(parent)
    , m_box(new QVBoxLayout(this))
{
    setProperty("card", true);
    m_box->setContentsMargins(margin, margin - 2, margin, margin - 2);
    m_box->setSpacing(8);
}

Figure::Figure(const QString &name, const QString &objectName, QWidget *parent)
    : QFrame(parent)
    , m_name(dimLabel(name))
    , m_value(monoLabel())
{
    setProperty("chip", true);
    auto *box = new QVBoxLayout(this);
    box->setContentsMargins(10, 6, 10, 6);
    box->setSpacing(2);
    m_name->setFont(Theme::sans(0.92));
    m_value->setFont(Theme::mono(1.0, true));
    m_value->setObjectName(objectName);
    m_value->setAccessibleName(name);
    m_value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_value->installEventFilter(this); // text that can be selected takes the clicks
    box->addWidget(m_name);
    box->addWidget(m_value);
}

void Figure::ask()
{
    if (!m_query.isEmpty())
        Q_EMIT queried(m_query);
}

bool Figure::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::MouseButtonRelease && !m_value->hasSelectedText())
        ask();
    return QFrame::eventFilter(watched, event);
}

void Figure::mouseReleaseEvent(QMouseEvent *) { ask(); }

void Figure::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
        ask();
    else
        QFrame::keyPressEvent(event);
}

void Figure::setValue(const QString &value, const QString &tip, const QString &query)
{
    m_query = query;
    setFocusPolicy(query.isEmpty() ? Qt::NoFocus : Qt::TabFocus);
    setAccessibleName(query.isEmpty() ? QString() : tr("%1: find them").arg(m_name->text()));
    m_value->setCursor(query.isEmpty() ? Qt::IBeamCursor : Qt::PointingHandCursor);
    if (m_value->text() != value) {
        m_value->setText(value);
        updateGeometry();
    }
    setToolTip(plainTip(query.isEmpty() ? tip : tip + u'\n' + tr("a click finds them in Values")));
}

Segmented::Segmented(const QString &accessibleName, QWidget *parent)
    : QWidget(parent)
    , m_group(new QButtonGroup(this))
{
    setAccessibleName(accessibleName);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(m_group, &QButtonGroup::idClicked, this, &Segmented::selected);
}

void Segmented::setItems(const QStringList &texts)
{
    for (QAbstractButton *button : m_group->buttons())
        delete button;
    setFocusPolicy(Qt::TabFocus); // for as long as the order of Tab is made: only what takes the focus can be in it
    QWidget *previous = this;
    for (qsizetype i = 0; i < texts.size(); ++i) {
        auto *button = new QToolButton(this);
        button->setText(texts[i]);
        button->setCheckable(true);
        button->setProperty("segment", true);
        button->setFocusPolicy(Qt::StrongFocus);
        button->setAccessibleName(accessibleName() + u": "_s + texts[i]);
        m_group->addButton(button, static_cast<int>(i));
        layout()->addWidget(button);
        setTabOrder(previous, button); // a new widget would come last in the window
        previous = button;
    }
    setFocusPolicy(Qt::NoFocus);
    setCurrent(0);
}

void Segmented::setItemTip(int index, const QString &tip)
{
    if (auto *button = m_group->button(index))
        button->setToolTip(plainTip(tip));
}

void Segmented::setItemEnabled(int index, bool enabled)
{
    if (auto *button = m_group->button(index))
        button->setEnabled(enabled);
}

int Segmented::current() const { return m_group->checkedId(); }

int Segmented::count() const { return static_cast<int>(m_group->buttons().size()); }

QString Segmented::currentText() const
{
    return m_group->checkedButton() ? m_group->checkedButton()->text() : QString();
}

void Segmented::setCurrent(int index)
{
    if (auto *button = m_group->button(index))
        return button->setChecked(true);
    m_group->setExclusive(false);
    for (QAbstractButton *button : m_group->buttons())
        button->setChecked(false);
    m_group->setExclusive(true);
}

bool ExponentLabel::paintsItself() const { return textFormat() == Qt::PlainText && hasExponent(text()); }

QStringList ExponentLabel::linesIn(double width) const
{
    QStringList lines;
    for (const QString &paragraph : text().split(u'\n')) {
        QString line;
        for (const QString &word : paragraph.split(u' ')) {
            const QString longer = line.isEmpty() ? word : line + u' ' + word;
            const bool wraps = wordWrap() && !line.isEmpty() && exponentsAdvance(font(), longer) > width;
            if (wraps)
                lines << line;
            line = wraps ? word : longer;
        }
        lines << line;
    }
    return lines;
}

QSize ExponentLabel::widened(QSize size) const
{
    if (!paintsItself())
        return size;
    if (wordWrap())
        return {size.width(), heightForWidth(size.width())};
    double more = 0;
    for (const QString &line : linesIn(0))
        more = std::max(more, exponentsAdvance(font(), line) - QFontMetricsF(font()).horizontalAdvance(line));
    size.rwidth() += static_cast<int>(std::ceil(more));
    return size;
}

QSize ExponentLabel::sizeHint() const { return widened(QLabel::sizeHint()); }

QSize ExponentLabel::minimumSizeHint() const
{
    const QSize size = QLabel::minimumSizeHint();
    return wordWrap() ? size : widened(size);
}

int ExponentLabel::heightForWidth(int width) const
{
    if (!paintsItself() || !wordWrap())
        return QLabel::heightForWidth(width);
    const int beside = this->width() - contentsRect().width(), around = height() - contentsRect().height();
    return static_cast<int>(linesIn(width - beside).size()) * fontMetrics().lineSpacing() + around;
}

void ExponentLabel::paintEvent(QPaintEvent *event)
{
    if (!paintsItself() || hasSelectedText())
        return QLabel::paintEvent(event);
    QPainter painter(this);
    painter.setFont(font());
    painter.setPen(palette().color(isEnabled() ? QPalette::Active : QPalette::Disabled, foregroundRole()));
    const QRect box = contentsRect();
    const QStringList lines = linesIn(box.width());
    const int step = fontMetrics().lineSpacing(), spare = box.height() - step * static_cast<int>(lines.size());
    int y = box.top() + (alignment() & Qt::AlignTop ? 0 : alignment() & Qt::AlignBottom ? spare : spare / 2);
    for (const QString &line : lines) {
        const QRectF row(box.left(), y, box.width(), step);
        drawExponents(&painter, row, static_cast<int>(alignment() & Qt::AlignHorizontal_Mask) | Qt::AlignVCenter, line,
            Qt::ElideNone);
        y += step;
    }
}

QLabel *plainLabel(const QString &text, QWidget *parent)
{
    auto *label = new ExponentLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setText(text);
    return label;
}

/// Colour through the palette's role, so that a change of theme reaches it.
QLabel *dimLabel(const QString &text, QWidget *parent)
{
    auto *label = plainLabel(text, parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QLabel *monoLabel(const QString &text, QWidget *parent)
{
    auto *label = plainLabel(text, parent);
    label->setFont(Theme::mono());
    return label;
}

QLabel *titleLabel(const QString &text, double factor, QWidget *parent)
{
    auto *label = plainLabel(text, parent);
    label->setFont(Theme::sans(factor, true));
    return label;
}

QLabel *keyCap(const QString &key, QWidget *parent)
{
    auto *label = plainLabel(key, parent);
    label->setProperty("keycap", true);
    label->setFont(Theme::mono(0.92));
    label->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    return label;
}

QLabel *badge(const QString &kind, QWidget *parent)
{
    auto *label = plainLabel({}, parent);
    label->setProperty("badge", kind);
    label->setFont(Theme::sans(0.92, true));
    label->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    return label;
}

QFrame *ruler(QWidget *parent)
{
    auto *frame = new QFrame(parent);
    frame->setProperty("rule", true);
    return frame;
}

QPushButton *textButton(const QString &text, const QString &tip, QWidget *parent)
{
    auto *button = new QPushButton(text, parent);
    button->setToolTip(plainTip(tip));
    button->setAccessibleName(QString(text).remove(u'&'));
    button->setAutoDefault(true); // Enter presses what has the focus, as Space does
    return button;
}

void setUpTable(QTableView *table, const QString &accessibleName)
{
    table->setAccessibleName(accessibleName);
    table->setShowGrid(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setTabKeyNavigation(false);
    table->setWordWrap(false);
    table->verticalHeader()->hide();
    table->setItemDelegate(new ExponentDelegate(table));
    new TableCopy(table);
    const int height = QFontMetrics(Theme::mono()).height() + 12;
    table->verticalHeader()->setMinimumSectionSize(height);
    table->verticalHeader()->setDefaultSectionSize(height);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setFont(Theme::sans(0.92));
}

void setWrong(QLineEdit *edit, bool wrong, const QString &reason)
{
    static const char *const kTip = "tipWhenRight";
    if (edit->property("wrong").toBool() != wrong) {
        if (wrong)
            edit->setProperty(kTip, edit->toolTip());
        else
            edit->setToolTip(edit->property(kTip).toString());
        edit->setProperty("wrong", wrong);
        edit->style()->unpolish(edit);
        edit->style()->polish(edit);
    }
    edit->setAccessibleDescription(wrong ? reason : QString());
    if (wrong)
        edit->setToolTip(plainTip(reason));
}

void showProblem(QLabel *label, const QString &text)
{
    QPalette palette = label->palette();
    palette.setColor(label->foregroundRole(), colours().redText);
    label->setPalette(palette);
    label->setText(text.isEmpty() ? text : u"■ "_s + text);
    label->setVisible(!text.isEmpty());
}

QString plainTip(const QString &text)
{
    return text.isEmpty() ? text : u"<div style='white-space:pre-wrap'>"_s + text.toHtmlEscaped() + u"</div>"_s;
}

void setAccessible(QWidget *widget, const QString &name, const QString &tip)
{
    widget->setAccessibleName(name);
    if (!tip.isEmpty())
        widget->setToolTip(plainTip(tip));
}

ElidedLabel::ElidedLabel(Qt::TextElideMode mode, QWidget *parent)
    : QLabel(parent)
    , m_mode(mode)
{
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
}

namespace {

class OpenMenu : public QObject {
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        const bool key = event->type() == QEvent::KeyPress;
        const int pressed = key ? static_cast<QKeyEvent *>(event)->key() : 0;
        const bool ticks = event->type() == QEvent::MouseButtonRelease || pressed == Qt::Key_Space
            || pressed == Qt::Key_Return || pressed == Qt::Key_Enter;
        QAction *action = ticks ? static_cast<QMenu *>(watched)->activeAction() : nullptr;
        if (!action || !action->isCheckable() || !action->isEnabled())
            return false;
        action->trigger();
        return true;
    }
};

} // namespace

void keepOpen(QMenu *menu) { menu->installEventFilter(new OpenMenu(menu)); }

void ElidedLabel::setFullText(const QString &text, const QString &tip)
{
    setText(text);
    setToolTip(plainTip(tip.isEmpty() ? text : tip));
    updateGeometry();
}

QSize ElidedLabel::sizeHint() const
{
    return {static_cast<int>(std::ceil(exponentsAdvance(font(), text()))) + 2, QLabel::sizeHint().height()};
}

void ElidedLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    painter.setFont(font());
    drawExponents(&painter, rect(), static_cast<int>(alignment() | Qt::AlignVCenter), text(), m_mode);
}

} // namespace quantscope
