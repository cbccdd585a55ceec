#include "pages/overview/strip_link.h"

#include "look/controls.h"
#include "look/powers.h"
#include "look/theme.h"

#include <QKeyEvent>
#include <QPainter>

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kPadding = 7;
static constexpr int kGap = 7; ///< between a name and its type

StripLabel::StripLabel(const StripPart &part, const StripDetail &detail)
    : nameFont(Theme::sans(1.0, part.kind == StripPart::Kind::Here))
    , typeFont(Theme::mono(0.92))
{
    const bool arrow = part.kind == StripPart::Kind::Arrow;
    StripPart bare = part;
    bare.type.clear();
    bare.differs = arrow && part.differs;
    if (arrow && !detail.operators && !part.text.isEmpty())
        bare.text = u"…"_s;
    name = stripText(bare, arrow ? 1000 : detail.letters);
    type = detail.types ? part.type : QString();
    if (part.differs && !arrow)
        type += (type.isEmpty() ? QString() : u" "_s) + u"differs"_s;
}

int StripLabel::width() const
{
    return QFontMetrics(nameFont).horizontalAdvance(name)
        + (type.isEmpty() ? 0 : kGap + static_cast<int>(std::ceil(exponentsAdvance(typeFont, type))));
}

void StripLabel::paint(QPainter &painter, const QRect &rect, const QColor &nameColour, const QColor &typeColour) const
{
    painter.setFont(nameFont);
    painter.setPen(nameColour);
    painter.drawText(rect, Qt::AlignVCenter | Qt::AlignLeft, name);
    painter.setFont(typeFont);
    painter.setPen(typeColour);
    const int before = QFontMetrics(nameFont).horizontalAdvance(name) + kGap;
    drawExponents(&painter, rect.adjusted(before, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, type, Qt::ElideNone);
}

StripLink::StripLink(QWidget *parent)
    : QAbstractButton(parent)
{
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
}

void StripLink::setPart(const StripPart &part, const StripDetail &detail, bool feeds)
{
    m_part = part;
    m_detail = detail;
    setText(stripText(part).replace(u'&', u"&&"_s)); // no shortcut of a name
    setAccessible(this, part.kind == StripPart::Kind::More ? part.text : stripName(part, feeds), part.tip);
    update();
}

int StripLink::widthOf(const StripPart &part, const StripDetail &detail)
{
    return StripLabel(part, detail).width() + 2 * kPadding;
}

int StripLink::lineHeight() { return QFontMetrics(Theme::sans()).height() + 10; }

QSize StripLink::sizeHint() const { return {widthOf(m_part, m_detail), lineHeight()}; }

void StripLink::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Colours &c = colours();
    const bool lit = hasFocus() || underMouse();
    painter.setPen(QPen(m_part.differs ? c.red : lit ? c.accent : c.line, hasFocus() ? 2 : 1));
    painter.setBrush(lit ? c.soft : c.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    StripLabel(m_part, m_detail)
        .paint(painter, rect().adjusted(kPadding, 0, 0, 0), m_part.differs ? c.redText : c.accentText,
            m_part.differs ? c.redText : c.dim);
}

void StripLink::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace quantscope
