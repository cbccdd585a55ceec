#pragma once

#include <QLabel>

class QChartView;
class QEvent;
class QPoint;

namespace quantscope {

/// What a chart shows when it has nothing to draw.
QLabel *chartMessage();

/// A view of Qt Charts without frame, menu or focus of its own; `owner` gets the events of its viewport.
void setUpChartView(QChartView *view, QObject *owner);

/// Tells of what is under the pointer or reached by keys; it stays for as long as the pointer rests.
void showChartTip(const QPoint &global, const QString &text, QWidget *chart);
/// Whether an event asks for the tooltip of a widget that a pointer rests on, which would take the chart's own away:
/// such an event is accepted here and goes no further.
bool keepsChartTip(QEvent *event);

} // namespace quantscope
