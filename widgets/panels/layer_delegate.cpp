#include "panels/layer_delegate.h"

#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "look/controls.h"
#include "look/powers.h"
#include "look/theme.h"
#include "panels/lane_painter.h"

#include <QAbstractItemView>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

using namespace Qt::StringLiterals;

namespace quantscope {

int paintBadge(QPainter *painter, const QRect &rect, const QString &severity, const QString &text)
{
    const bool error = severity == u"error";
    const bool note = severity == u"note";
    const QString sign = error ? u"■"_s : note ? u"i"_s : u"▲"_s;
    const QString shown = text.isEmpty() ? sign : sign + u" "_s + text;
    const QFont font = Theme::sans(0.85, true);
    const QFontMetrics metrics(font);
    const QRect box(rect.left(), rect.center().y() - metrics.height() / 2 - 1, metrics.horizontalAdvance(shown) + 12,
        metrics.height() + 3);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(error ? colours().redText : note ? colours().line : colours().amber);
    painter->drawRoundedRect(box, box.height() / 2.0, box.height() / 2.0);
    painter->setFont(font);
    painter->setPen(error ? colours().panel : note ? colours().text : colours().onAmber);
    painter->drawText(box, Qt::AlignCenter, shown);
    painter->restore();
    return box.width();
}

/// What flows, at the left of a name; the room that it takes.
static int paintFlow(QPainter *painter, const QRect &rect, const QModelIndex &index)
{
    const QVariant lanes = index.column() == LayerModel::Name ? index.data(LayerModel::LanesRole) : QVariant();
    if (!lanes.isValid())
        return 0;
    const auto cell = lanes.value<LaneCell>();
    paintLanes(painter, rect, cell);
    return lanesWidth(cell);
}

bool LayerDelegate::helpEvent(
    QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option, const QModelIndex &index)
{
    if (event->type() != QEvent::ToolTip)
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    const QString tip = index.data(Qt::ToolTipRole).toString();
    QToolTip::showText(event->globalPos(), tip.isEmpty() ? tip : plainTip(tip), view, view->visualRect(index));
    return true;
}

/// Words, digits and dashes say the same.
static QColor toneColour(GivenCell::Tone tone)
{
    switch (tone) {
    case GivenCell::Tone::Good: return colours().green;
    case GivenCell::Tone::Warning: return colours().amberText;
    case GivenCell::Tone::Error: return colours().redText;
    case GivenCell::Tone::Plain: break;
    }
    return colours().text;
}

void LayerDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QRect rect = option.rect;
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    painter->fillRect(rect, selected ? colours().soft : colours().panel);
    painter->setPen(colours().line);
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    if (index.column() == LayerModel::Problems) {
        const QString severity = index.data(LayerModel::SeverityRole).toString();
        if (!severity.isEmpty())
            paintBadge(painter, rect.adjusted(4, 0, 0, 0), severity, index.data().toString());
        return;
    }
    const bool strong = index.data(LayerModel::WeightRole).toBool();
    const bool marked = index.column() == LayerModel::Bits || index.column() == LayerModel::Scale;
    const bool wrong = marked && index.data(LayerModel::WrongRole).toBool();
    const bool assumed = marked && !wrong && index.data(LayerModel::AssumedRole).toBool();
    const bool mono = index.data(LayerModel::MonoRole).toBool();
    const bool bold = strong && index.column() == LayerModel::Name;
    QFont font = mono ? Theme::mono(0.95, bold) : Theme::sans(1.0, bold);
    font.setItalic(index.data(LayerModel::OperatorRole).toBool());
    painter->setFont(font);
    painter->setPen(wrong ? colours().redText
            : assumed     ? colours().amberText
            : strong      ? colours().text
                          : colours().dim);
    if (const QVariant tone = index.data(LayerModel::ToneRole); tone.isValid())
        painter->setPen(toneColour(static_cast<GivenCell::Tone>(tone.toInt())));
    const auto alignment = index.data(Qt::TextAlignmentRole).toInt();
    const int lanes = paintFlow(painter, rect, index);
    const QRect box = rect.adjusted(6 + lanes, 0, -6, 0);
    QString text = index.data().toString();
    if (assumed || wrong)
        text += wrong ? u"✗"_s : u"?"_s;
    const Qt::TextElideMode elide = index.column() == LayerModel::Name ? Qt::ElideMiddle : Qt::ElideRight;
    drawExponents(painter, box, alignment, text, elide);
    if (option.state.testFlag(QStyle::State_HasFocus) && index.column() == LayerModel::Name) {
        painter->setPen(Qt::NoPen);
        painter->fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), colours().accent);
    }
}

} // namespace quantscope
