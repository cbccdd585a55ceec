#include "panels/problem_delegate.h"

#include "items/problem_model.h"
#include "look/controls.h"
#include "look/names.h"
#include "look/theme.h"
#include "panels/layer_delegate.h"

#include <QHelpEvent>
#include <QPainter>
#include <QRegularExpression>
#include <QTableView>
#include <QToolTip>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kProblemMargin = 5;
static constexpr int kIndent = 12;

static bool isCurrentProblem(const QStyleOptionViewItem &option, const QModelIndex &index)
{
    const auto *table = qobject_cast<const QTableView *>(option.widget);
    return table != nullptr && table->currentIndex().row() == index.row();
}

/// Names of modules and paths may break behind their dots and slashes.
static QString breakable(QString text)
{
    static const QRegularExpression joints(u"([._/])(?=[A-Za-z])"_s);
    return text.replace(joints, u"\\1\u200b"_s);
}

/// What to do and where it comes from stand below the sentence of the row that somebody is at.
static QString moreText(const QStyleOptionViewItem &option, const QModelIndex &index)
{
    return isCurrentProblem(option, index) ? breakable(index.data(ProblemModel::MoreRole).toString()) : QString();
}

static QRect textRect(const QFont &font, int width, const QString &text)
{
    return QFontMetrics(font).boundingRect(QRect(0, 0, width, 10000), Qt::TextWordWrap, text);
}

static void paintSign(QPainter *painter, const QRect &line, const QFontMetrics &metrics, const QModelIndex &index)
{
    const int depth = index.data(ProblemModel::DepthRole).toInt();
    int left = line.left() + depth * kIndent / 2;
    if (index.data(ProblemModel::GroupRole).toBool()) {
        painter->setPen(colours().dim);
        painter->setFont(Theme::sans());
        painter->drawText(QRect(left, line.top(), kIndent, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
            index.data(ProblemModel::FoldedRole).toBool() ? u"▸"_s : u"▾"_s);
    }
    left += kIndent;
    const QString severity = index.data(ProblemModel::SeverityRole).toString();
    const QRect rest(left, line.top(), line.right() - left + 1, metrics.height());
    if (severity == u"unchecked" || severity == u"muted") {
        painter->setPen(colours().dim);
        painter->setFont(Theme::sans(1.0, true));
        painter->drawText(rest, Qt::AlignLeft | Qt::AlignVCenter, severity == u"muted" ? u"∅"_s : u"?"_s);
    } else {
        paintBadge(painter, rest, severity, {});
    }
}

void ProblemDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool group = index.data(ProblemModel::GroupRole).toBool();
    painter->fillRect(option.rect, selected ? colours().soft : group ? colours().tint : colours().panel);
    painter->setPen(colours().line);
    painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    const QRect line = option.rect.adjusted(8, kProblemMargin, -8, -kProblemMargin);
    if (index.column() == ProblemModel::SeverityColumn)
        return paintSign(painter, line, option.fontMetrics, index);
    const bool layer = index.column() == ProblemModel::LayerColumn;
    const bool muted = index.data(ProblemModel::MutedRole).toBool();
    painter->setFont(Theme::sans(1.0, group ? !layer : layer));
    painter->setPen(muted || (group && layer) ? colours().dim : colours().text);
    const QString text = index.data().toString();
    const bool fits = line.height() < 2 * painter->fontMetrics().height();
    if (layer || fits)
        painter->drawText(line, Qt::AlignLeft | Qt::AlignTop,
            layer ? elidedName(painter->fontMetrics(), text, line.width())
                  : painter->fontMetrics().elidedText(text, Qt::ElideRight, line.width()));
    else
        painter->drawText(line, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, text);
    const QString more = layer || fits ? QString() : moreText(option, index);
    if (more.isEmpty())
        return;
    const int above = textRect(painter->font(), line.width(), text).height();
    painter->setPen(colours().dim);
    painter->drawText(line.adjusted(0, above, 0, 0), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, more);
}

QSize ProblemDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto *table = qobject_cast<const QTableView *>(option.widget);
    const int width = table ? table->columnWidth(index.column()) - 16 : 300;
    const QFont font = Theme::sans();
    const int least = QFontMetrics(font).height() + 2 * kProblemMargin + 1;
    if (index.column() != ProblemModel::TextColumn || index.data(ProblemModel::GroupRole).toBool())
        return {60, least};
    int height = textRect(font, width, index.data().toString()).height();
    if (const QString more = moreText(option, index); !more.isEmpty())
        height += textRect(font, width, more).height();
    return {width, std::max(least, height + 2 * kProblemMargin + 1)};
}

bool ProblemDelegate::helpEvent(
    QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option, const QModelIndex &index)
{
    if (event->type() != QEvent::ToolTip)
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    const QString tip = index.data(Qt::ToolTipRole).toString();
    QToolTip::showText(event->globalPos(), tip.isEmpty() ? tip : plainTip(tip), view, view->visualRect(index));
    return true;
}

} // namespace quantscope
