#include "panels/layer_delegate.h"

#include "items/layer_lanes.h"
#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "look/controls.h"
#include "look/names.h"
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

static constexpr int kBranchIndent = 11,
                     kFoldMark = 14; ///< a branch's layers stand so much to the right; room of a mark

QRect foldMark(const QRect &cell, const QModelIndex &index)
{
    const int depth = index.data(LayerProxy::DepthRole).toInt();
    return {cell.left() + 3 + kBranchIndent * (depth - 1), cell.top(), kFoldMark, cell.height()};
}

/// A triangle: to the right while the branch is folded, down while it is not.
static void paintMark(QPainter *painter, const QRectF &box, bool unfolded)
{
    const QPointF middle = box.center();
    QPolygonF mark{{-2.5, -4}, {-2.5, 4}, {2.5, 0}};
    if (unfolded)
        mark = QPolygonF{{-4, -2.5}, {4, -2.5}, {0, 2.5}};
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(colours().dim);
    painter->drawPolygon(mark.translated(middle));
    painter->restore();
}

/// In a tree: the mark and the number of layers of a branch, and the room that is left for the label.
static QRect paintBranch(QPainter *painter, const QRect &cell, const QModelIndex &index)
{
    if (index.data(LayerProxy::DepthRole).toInt() == 0)
        return cell;
    const QRect mark = foldMark(cell, index);
    QRect rest = cell.adjusted(mark.right() - cell.left() - 3, 0, 0, 0);
    const QVariant layers = index.data(LayerProxy::BranchRole);
    if (!layers.isValid())
        return rest;
    paintMark(painter, mark, index.data(LayerProxy::UnfoldedRole).toBool());
    painter->save();
    painter->setFont(Theme::mono(0.85));
    painter->setPen(colours().dim);
    const QString count = layers.toString();
    painter->drawText(rest.adjusted(0, 0, -6, 0), Qt::AlignRight | Qt::AlignVCenter, count);
    rest.setRight(rest.right() - painter->fontMetrics().horizontalAdvance(count) - 6);
    if (index.data(LayerProxy::HoldsPathRole).toBool())
        painter->fillRect(QRect(cell.left(), cell.top(), 3, cell.height() - 1), colours().accent);
    painter->restore();
    return rest;
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

static void paintName(QPainter *painter, const QRect &cell, const QModelIndex &index)
{
    const int lanes = paintFlow(painter, cell, index);
    const QRect room = paintBranch(painter, cell.adjusted(lanes, 0, 0, 0), index).adjusted(6, 0, -6, 0);
    const QVariant label = index.data(LayerProxy::LabelRole);
    const QString name = label.isValid() ? label.toString() : index.data().toString();
    painter->drawText(room, Qt::AlignLeft | Qt::AlignVCenter, elidedName(painter->fontMetrics(), name, room.width()));
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
    const bool bold = strong && index.column() == LayerModel::Name && !index.data(LayerProxy::BranchRole).isValid();
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
    QString text = index.data().toString();
    if (index.column() == LayerModel::Name) {
        paintName(painter, rect, index);
    } else {
        if (assumed || wrong)
            text += wrong ? u"✗"_s : u"?"_s;
        drawExponents(painter, rect.adjusted(6, 0, -6, 0), alignment, text, Qt::ElideRight);
    }
    if (option.state.testFlag(QStyle::State_HasFocus) && index.column() == LayerModel::Name) {
        painter->setPen(Qt::NoPen);
        painter->fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), colours().accent);
    }
}

} // namespace quantscope
