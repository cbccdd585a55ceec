#pragma once

#include <QRect>

class QPainter;

namespace quantscope {

struct LaneCell;

/// Room for the lines beside names; 0 where none are drawn.
int lanesWidth(const LaneCell &cell);
/// The lines of one row at the left of its name: the accent for the path of the layer shown, red with a sign at a join
/// whose inputs disagree, dashes through layers that are not listed, dots for what reads a shape alone.
void paintLanes(QPainter *painter, const QRect &row, const LaneCell &cell);

} // namespace quantscope
