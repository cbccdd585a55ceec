#include "charts/chart_view.h"

#include <QChartView>
#include <QEvent>
#include <QToolTip>

#include <limits>

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

void showChartTip(const QPoint &global, const QString &text, QWidget *chart)
{
    QToolTip::showText(global, text, chart, {}, std::numeric_limits<int>::max());
}

bool keepsChartTip(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return false;
    event->accept();
    return true;
}

} // namespace quantscope
