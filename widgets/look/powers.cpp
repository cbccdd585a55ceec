#include "look/powers.h"

#include <QFontMetricsF>
#include <QList>
#include <QPainter>
#include <QRectF>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

constexpr double kSize = 0.8; ///< of the font
constexpr double kRise = 0.26; ///< of the font's ascent: the tops stay within the line

/// The character that a superscript stands for; null for others.
QChar ordinary(QChar c)
{
    static const QString raised = u"⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"_s;
    static const QString plain = u"0123456789−+"_s;
    const qsizetype at = raised.indexOf(c);
    return at < 0 ? QChar() : plain[at];
}

struct Run {
    QString text;
    bool raised;
};

QList<Run> runsOf(const QString &text)
{
    QList<Run> runs;
    for (const QChar c : text) {
        const QChar plain = ordinary(c);
        if (runs.isEmpty() || runs.back().raised == plain.isNull())
            runs.append({{}, !plain.isNull()});
        runs.back().text += plain.isNull() ? c : plain;
    }
    return runs;
}

QFont raisedFont(QFont font)
{
    if (font.pixelSize() > 0)
        font.setPixelSize(std::max(1, qRound(font.pixelSize() * kSize)));
    else
        font.setPointSizeF(font.pointSizeF() * kSize);
    return font;
}

} // namespace

bool hasExponent(const QString &text)
{
    return std::any_of(text.begin(), text.end(), [](QChar c) { return !ordinary(c).isNull(); });
}

QString plainExponents(const QString &text)
{
    QString out;
    for (const Run &run : runsOf(text))
        out += run.raised ? u'^' + QString(run.text).replace(u'−', u'-') : run.text;
    return out;
}

double exponentsAdvance(const QFont &font, const QString &text)
{
    double width = 0;
    for (const Run &run : runsOf(text))
        width += QFontMetricsF(run.raised ? raisedFont(font) : font).horizontalAdvance(run.text);
    return width;
}

void drawExponents(QPainter *painter, const QRectF &box, int alignment, const QString &text, Qt::TextElideMode elide)
{
    const QFont font = painter->font();
    const QFontMetricsF metrics(font);
    const double width = exponentsAdvance(font, text);
    if (!hasExponent(text) || width > box.width() + 0.5) {
        const bool cut = elide != Qt::ElideNone;
        painter->drawText(box, alignment, cut ? metrics.elidedText(text, elide, box.width()) : text);
        return;
    }
    double x = box.left();
    if (alignment & Qt::AlignRight)
        x = box.right() - width;
    else if (alignment & Qt::AlignHCenter)
        x = box.center().x() - width / 2;
    double base = box.top() + metrics.ascent();
    if (alignment & Qt::AlignVCenter)
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2;
    else if (alignment & Qt::AlignBottom)
        base = box.bottom() - metrics.descent();
    for (const Run &run : runsOf(text)) {
        painter->setFont(run.raised ? raisedFont(font) : font);
        painter->drawText(QPointF(x, run.raised ? base - metrics.ascent() * kRise : base), run.text);
        x += QFontMetricsF(painter->font()).horizontalAdvance(run.text);
    }
    painter->setFont(font);
}

} // namespace quantscope
