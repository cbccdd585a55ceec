#pragma once

#include <QLabel>

class QChartView;

namespace quantscope {

/// What a chart shows when it has nothing to draw.
QLabel *chartMessage();

/// A view of Qt Charts without frame, menu or focus of its own; `owner` gets the events of its viewport.
void setUpChartView(QChartView *view, QObject *owner);

} // namespace quantscope
