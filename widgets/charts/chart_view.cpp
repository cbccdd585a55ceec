#include "charts/chart_view.h"

#include <QChartView>

namespace quantscope {

QLabel *chartMessage()
{
    auto *message = new QLabel;
    message->setAlignment(Qt::AlignCenter);
    message->setTextFormat(Qt::PlainText);
    message->setWordWrap(true);
    message->setForegroundRole(QPalette::PlaceholderText);
    return message;
}

void setUpChartView(QChartView *view, QObject *owner)
{
    view->setRenderHint(QPainter::Antialiasing);
    view->setFrameShape(QFrame::NoFrame);
    view->setStyleSheet(QStringLiteral("background: transparent"));
    view->setFocusPolicy(Qt::NoFocus);
    view->setContextMenuPolicy(Qt::NoContextMenu);
    view->viewport()->setMouseTracking(true);
    view->viewport()->installEventFilter(owner);
}

} // namespace quantscope
