#include "panels/layer_delegate.h"

#include "items/layer_model.h"
#include "look/theme.h"

#include <QPainter>

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
    painter->setFont(mono ? Theme::mono(0.95, bold) : Theme::sans(1.0, bold));
    painter->setPen(wrong ? colours().redText
            : assumed     ? colours().amberText
            : strong      ? colours().text
                          : colours().dim);
    const auto alignment = index.data(Qt::TextAlignmentRole).toInt();
    const QRect box = rect.adjusted(6, 0, -6, 0);
    QString text = index.data().toString();
    if (assumed || wrong)
        text += wrong ? u"✗"_s : u"?"_s;
    const Qt::TextElideMode elide = index.column() == LayerModel::Name ? Qt::ElideMiddle : Qt::ElideRight;
    painter->drawText(box, alignment, painter->fontMetrics().elidedText(text, elide, box.width()));
    if (option.state.testFlag(QStyle::State_HasFocus) && index.column() == LayerModel::Name) {
        painter->setPen(Qt::NoPen);
        painter->fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), colours().accent);
    }
}

} // namespace quantscope
