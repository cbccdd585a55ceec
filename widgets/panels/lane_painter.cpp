#include "panels/lane_painter.h"

#include "items/layer_lanes.h"
#include "look/theme.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace quantscope {

namespace {

constexpr qreal kStep = 11; ///< from lane to lane
constexpr qreal kLineWidth = 1.5;
constexpr qreal kCorner = 7;

QFont numberFont() { return Theme::mono(0.8); }

/// Strong enough to follow, behind the names.
QColor lineColour()
{
    const QColor &dim = colours().dim;
    const QColor &panel = colours().panel;
    const auto mixed = [](int a, int b) { return (a * 7 + b * 3) / 10; };
    return {mixed(dim.red(), panel.red()), mixed(dim.green(), panel.green()), mixed(dim.blue(), panel.blue())};
}

class LanePainter {
public:
    LanePainter(QPainter *painter, const QRect &row, const LaneCell &cell)
        : m_painter(painter)
        , m_cell(cell)
        , m_left(row.left() + 9.0)
        , m_top(row.top())
        , m_middle(row.top() + row.height() / 2.0)
        , m_bottom(row.top() + row.height())
    {
    }

    void paint()
    {
        m_painter->setRenderHint(QPainter::Antialiasing);
        m_painter->setBrush(Qt::NoBrush);
        for (const auto wanted : {0, 1, 2}) // what matters lies on top
            for (const LaneCell::Line &line : m_cell.lines)
                if (rank(line) == wanted)
                    paintLine(line);
        paintDot();
        paintNumber();
    }

private:
    static int rank(const LaneCell::Line &line) { return line.differs ? 2 : line.onPath ? 1 : 0; }
    qreal x(int column) const { return m_left + kStep * column; }

    QPainterPath pathOf(const LaneSegment &segment) const
    {
        const qreal from = x(segment.from), to = x(segment.to);
        QPainterPath path(QPointF(from, segment.part == LaneSegment::Part::Leaving ? m_middle : m_top));
        if (segment.part == LaneSegment::Part::Leaving || from == to) {
            path.lineTo(from, segment.part == LaneSegment::Part::Arriving ? m_middle : m_bottom);
        } else if (segment.part == LaneSegment::Part::Passing) {
            path.cubicTo(from, m_middle - 2, to, m_top + 2, to, m_middle);
            path.lineTo(to, m_bottom);
        } else {
            const qreal turn = from < to ? kCorner : -kCorner;
            path.lineTo(from, m_middle - kCorner);
            path.quadTo(from, m_middle, from + turn, m_middle);
            path.lineTo(to, m_middle);
        }
        return path;
    }

    void paintLine(const LaneCell::Line &line)
    {
        QPen pen(line.differs ? colours().red : line.onPath ? colours().accent : lineColour(), kLineWidth);
        if (line.segment.kind != LinkKind::Data)
            pen.setDashPattern(line.segment.kind == LinkKind::Hidden ? QList<qreal>{3, 2} : QList<qreal>{1, 2});
        pen.setCapStyle(Qt::FlatCap);
        m_painter->strokePath(pathOf(line.segment), pen);
    }

    void paintDot()
    {
        const QPointF centre(x(m_cell.dot), m_middle);
        const QColor colour = m_cell.differs ? colours().red : m_cell.onPath ? colours().accent : lineColour();
        const bool hollow = !m_cell.isLayer || !m_cell.known;
        const qreal radius = m_cell.differs ? 6 : m_cell.isLayer ? 3.5 : 2.5;
        m_painter->setPen(QPen(colour, kLineWidth));
        m_painter->setBrush(hollow && !m_cell.differs ? colours().panel : colour);
        m_painter->drawEllipse(centre, radius, radius);
        if (m_cell.differs)
            paintUnequal(centre);
    }

    /// Colour is not the only sign.
    void paintUnequal(const QPointF &centre)
    {
        m_painter->setPen(QPen(colours().panel, 1.3));
        for (const qreal y : {-1.6, 1.6})
            m_painter->drawLine(centre + QPointF(-3.4, y), centre + QPointF(3.4, y));
        m_painter->drawLine(centre + QPointF(-1.8, 3.6), centre + QPointF(1.8, -3.6));
    }

    void paintNumber()
    {
        if (m_cell.folded < 2)
            return;
        m_painter->setFont(numberFont());
        m_painter->setPen(colours().dim);
        const QRectF box(x(kMostLanes - 1) + 4, m_top, lanesWidth(m_cell), m_bottom - m_top);
        m_painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, QString::number(m_cell.folded));
    }

    QPainter *m_painter;
    const LaneCell &m_cell;
    qreal m_left, m_top, m_middle, m_bottom;
};

} // namespace

int lanesWidth(const LaneCell &cell)
{
    if (cell.columns == 0)
        return 0;
    const int digits = std::max(2, static_cast<int>(QString::number(cell.mostFolded).size()));
    const int number = cell.mostFolded > 1 ? QFontMetrics(numberFont()).horizontalAdvance(QString(digits, u'9')) : 0;
    return static_cast<int>(kStep) * cell.columns + 4 + number;
}

void paintLanes(QPainter *painter, const QRect &row, const LaneCell &cell)
{
    painter->save();
    painter->setClipRect(row);
    LanePainter(painter, row, cell).paint();
    painter->restore();
}

} // namespace quantscope
