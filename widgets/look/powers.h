#pragma once

#include <QFont>
#include <QString>

class QPainter;
class QRectF;

namespace quantscope {

/// Texts carry exponents as superscript characters ("2⁻⁶"), which most fonts draw too small to read. These are painted
/// as raised digits of 80 % of the font's size instead.
bool hasExponent(const QString &text);
/// "2⁻⁶" -> "2^-6", for what programs read.
QString plainExponents(const QString &text);
/// Width of the text as drawExponents() paints it.
double exponentsAdvance(const QFont &font, const QString &text);
/// In one line, in the painter's font and pen; `alignment` as of QPainter::drawText. Text that does not fit is cut as
/// `elide` says.
void drawExponents(
    QPainter *painter, const QRectF &box, int alignment, const QString &text, Qt::TextElideMode elide = Qt::ElideNone);

} // namespace quantscope
