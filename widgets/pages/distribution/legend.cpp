#include "pages/distribution/legend.h"

#include "charts/bit_weight_painter.h"
#include "look/theme.h"

#include <QPainter>

#include <array>

namespace quantscope {

static constexpr int kSwatch = 11;

struct LegendEntry {
    QString text;
    QColor Colours::*colour;
    bool hatched;
};

static const std::array<LegendEntry, 4> &entries()
{
    static const std::array<LegendEntry, 4> all{{{QObject::tr("representable"), &Colours::bar, false},
        {QObject::tr("rounds to ±1 LSB"), &Colours::barLight, false}, {QObject::tr("overflow"), &Colours::red, true},
        {QObject::tr("rounds to 0"), &Colours::amber, true}}};
    return all;
}

BitLegend::BitLegend(QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize BitLegend::sizeHint() const
{
    const QFontMetrics metrics(Theme::sans(0.92));
    int width = 0;
    for (const LegendEntry &entry : entries())
        width += kSwatch + 6 + metrics.horizontalAdvance(entry.text) + 14;
    return {width, metrics.height() + 4};
}

void BitLegend::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintBitLegend(painter, rect());
}

void paintBitLegend(QPainter &painter, const QRectF &line)
{
    painter.setFont(Theme::sans(0.92));
    const QFontMetrics metrics(painter.font());
    double x = line.left();
    for (const LegendEntry &entry : entries()) {
        const QRectF swatch(x, line.center().y() - kSwatch / 2.0, kSwatch, kSwatch);
        const QColor colour = colours().*entry.colour;
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour);
        painter.drawRoundedRect(swatch, 2, 2);
        if (entry.hatched)
            paintHatch(painter, swatch, colour.darker(150));
        painter.setPen(colours().text);
        painter.drawText(QRectF(x + kSwatch + 6, line.top(), line.width(), line.height()),
            Qt::AlignLeft | Qt::AlignVCenter, entry.text);
        x += kSwatch + 6 + metrics.horizontalAdvance(entry.text) + 14;
    }
}

} // namespace quantscope
