#pragma once

#include "charts/bit_weights.h"

#include <QRectF>
#include <QSize>

#include <cstdint>
#include <optional>
#include <vector>

class QColor;
class QPainter;

namespace quantscope {

/// What is drawn: bars from the highest bit down, the type that colours them, and what a person does with it.
struct BitWeightPicture {
    std::vector<BitBar> bars; ///< not empty
    std::uint64_t total = 0; ///< elements
    std::optional<BitWindow> window;
    bool handles = false, trying = false; ///< the window can be dragged; another type than the file's is tried
    int current = -1; ///< the bar that is framed
    std::vector<BitOverlay> overlays = {}; ///< drawn as lines over the bars
};

/// Where things stand in a chart.
struct BitWeightGeometry {
    QRectF plot;
    double column = 0; ///< width of a bar with its gap
    int high = 0; ///< exponent of the first bar
    double xAt(double exponent) const { return plot.left() + (high + 1 - exponent) * column; }
};
BitWeightGeometry bitWeightGeometry(const std::vector<BitBar> &bars, const QSize &size);

/// Draws the bit weights of a tensor: grid, bars, the word under the axis, the binary point and the handles.
class BitWeightPainter {
public:
    BitWeightPainter(const BitWeightPicture &picture, QPainter &painter, const QSize &size);
    void paint() const;

private:
    double percentStep(double plotHeight) const;
    double axisTop() const;
    void paintGrid() const;
    void paintWindow() const;
    void paintBars() const;
    void paintBar(const QRectF &rect, BitVerdict verdict) const;
    void paintLabels() const;
    void paintWord() const;
    void paintBinaryPoint() const;
    void paintSignTick() const;
    void paintHandles() const;
    void paintOverlays() const;

    const BitWeightPicture &m_picture;
    QPainter &m_painter;
    BitWeightGeometry m_geometry;
};

/// Diagonal lines inside a rectangle, as lines: a pattern brush does not survive SVG.
void paintHatch(QPainter &painter, const QRectF &rect, const QColor &colour);
/// Blocks of a word: the sign, then the bits. Shared by the chart and the start page.
void paintWordBlock(QPainter &painter, const QRectF &rect, const QString &text, bool sign);

} // namespace quantscope
