#include "pages/parts/bit_boxes.h"

#include "items/text.h"
#include "look/powers.h"
#include "look/theme.h"

#include <QPainter>

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static bool bitOf(std::int64_t code, int bit) { return (static_cast<std::uint64_t>(code) >> bit & 1u) != 0; }

BitBoxes::BitBoxes(QWidget *parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Bits of the code"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void BitBoxes::setCode(std::int64_t code, int bits, std::optional<int> integerBits, bool isSigned)
{
    m_code = code;
    m_bits = bits;
    m_integerBits = integerBits;
    m_signed = isSigned;
    updateGeometry();
    update();
}

void BitBoxes::setWeightsAbove(bool above) { m_above = above; }

QSize BitBoxes::sizeHint() const
{
    const QFontMetrics metrics(Theme::sans(0.85));
    return {std::min(16, std::max(1, m_bits)) * 50, metrics.height() * 2 + 10};
}

void BitBoxes::paintEvent(QPaintEvent *)
{
    if (m_bits <= 0)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont small = Theme::sans(0.85);
    const QFontMetricsF metrics(small);
    const double labelHeight = metrics.height();
    const double boxHeight = height() - labelHeight - 4;
    const double boxTop = m_above ? labelHeight + 2 : 0;
    const double labelTop = m_above ? 0 : boxHeight + 3;
    const double left = m_integerBits == 0 ? 12 : 0;
    const double step = std::min(50.0, (width() - left) / m_bits);
    const int lowest = m_integerBits ? *m_integerBits - m_bits : 0;
    for (int i = 0; i < m_bits; ++i) {
        const int bit = m_bits - 1 - i;
        const bool one = bitOf(m_code, bit);
        const QRectF box(left + i * step + 2, boxTop, step - 4, boxHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(one ? colours().accent : colours().tint);
        painter.drawRoundedRect(box, 3, 3);
        painter.setFont(Theme::mono(0.92, one));
        painter.setPen(one ? colours().onAccent : colours().dim);
        if (step >= 12)
            painter.drawText(box, Qt::AlignCenter, one ? u"1"_s : u"0"_s);
        const QString weight = (i == 0 && m_signed ? u"−"_s : QString()) + powerOfTwoText(lowest + bit);
        if (exponentsAdvance(small, weight) <= step) {
            painter.setFont(small);
            painter.setPen(colours().dim);
            drawExponents(&painter, QRectF(left + i * step, labelTop, step, labelHeight), Qt::AlignCenter, weight);
        }
    }
    if (m_integerBits && *m_integerBits >= 0 && *m_integerBits <= m_bits) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(colours().text);
        painter.drawEllipse(
            QPointF(*m_integerBits == 0 ? 5 : left + *m_integerBits * step, boxTop + boxHeight - 3), 3, 3);
    }
}

QString bitSumText(std::int64_t code, int bits, int integerBits, bool isSigned)
{
    QString sum;
    int ones = 0;
    for (int bit = bits - 1; bit >= 0; --bit) {
        if (!bitOf(code, bit))
            continue;
        const bool negative = isSigned && bit == bits - 1;
        sum += (ones == 0 ? (negative ? u"−"_s : QString()) : u" + "_s) + powerOfTwoText(integerBits - bits + bit);
        ++ones;
    }
    if (ones == 0 || ones > 12)
        return {};
    return sum + u" = "_s
        + QString::number(std::ldexp(static_cast<double>(code), integerBits - bits), 'g', 12).replace(u'-', u'−');
}

} // namespace quantscope
