#include "charts/sweep_chart.h"

#include "charts/chart_actions.h"
#include "charts/chart_view.h"
#include "charts/sweep_view.h"
#include "charts/value_axis.h"
#include "look/theme.h"

#include <QtCharts/QChart>
#include <QtCharts/QLegend>
#include <QtCharts/QLineSeries>
#include <QtCharts/QValueAxis>

#include <QGraphicsLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QStackedLayout>
#include <QToolTip>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr double kReach = 14; // pixels from a dot that still mean it

struct SweepChart::Private {
    SweepData data;
    QStackedLayout *stack = nullptr;
    QLabel *message = nullptr;
    SweepView *view = nullptr;
    ChartActions *actions = nullptr;
    int currentLine = -1, currentDot = -1;

    void build();
    void addLine(QChart *chart, int index, QAbstractAxis *x, QAbstractAxis *y);
    void addGoal(QChart *chart, QValueAxis *x, QAbstractAxis *y);
    QPointF positionOf(int line, int dot) const;
    std::pair<int, int> nearest(const QPointF &position) const;
};

void SweepChart::Private::addLine(QChart *chart, int index, QAbstractAxis *x, QAbstractAxis *y)
{
    const SweepLine &shown = data.lines[static_cast<std::size_t>(index)];
    const SweepSign sign = sweepSign(index);
    QList<QPointF> points;
    for (const SweepDot &dot : shown.dots)
        points << QPointF(dot.x, dot.y);
    if (shown.joined) {
        auto *line = new QLineSeries;
        line->append(points);
        line->setPen(QPen(sign.colour, 1.6, sign.pen));
        chart->addSeries(line);
        line->attachAxis(x);
        line->attachAxis(y);
    }
    auto *dots = new QScatterSeries;
    dots->setName(shown.name);
    dots->append(points);
    dots->setMarkerShape(sign.shape);
    dots->setMarkerSize(sign.shape == QScatterSeries::MarkerShapeRectangle ? 8 : 10);
    const bool hollow = sign.shape == QScatterSeries::MarkerShapeRectangle;
    dots->setColor(hollow ? colours().panel : sign.colour);
    dots->setBorderColor(hollow ? sign.colour : colours().panel);
    chart->addSeries(dots);
    dots->attachAxis(x);
    dots->attachAxis(y);
}

void SweepChart::Private::addGoal(QChart *chart, QValueAxis *x, QAbstractAxis *y)
{
    if (!data.goal)
        return;
    auto *line = new QLineSeries;
    line->append(x->min(), *data.goal);
    line->append(x->max(), *data.goal);
    line->setPen(QPen(colours().text, 1.2, Qt::DashLine));
    chart->addSeries(line);
    line->attachAxis(x);
    line->attachAxis(y);
}

void SweepChart::Private::build()
{
    double left = INFINITY, right = -INFINITY, low = 0, high = 1;
    for (const SweepLine &line : data.lines)
        for (const SweepDot &dot : line.dots) {
            left = std::min(left, dot.x);
            right = std::max(right, dot.x);
            low = std::min(low, dot.y);
            high = std::max(high, dot.y);
        }
    auto *chart = new QChart;
    chart->setBackgroundBrush(Qt::NoBrush);
    chart->layout()->setContentsMargins(0, 0, 0, 0);
    const double margin = data.wholeNumbers ? 0.5
        : right > left                      ? (right - left) * 0.04
                                            : std::max(std::abs(left) * 0.1, 1.0); // one dot, or all above each other
    auto *x = valueAxis(data.xTitle, {left - margin, right + margin, data.wholeNumbers ? 12 : 5, data.wholeNumbers});
    auto *y = valueAxis(data.yTitle, {low < 0 ? low * 1.1 : 0, high * 1.12, 4, false});
    x->setGridLineVisible(false);
    chart->addAxis(x, Qt::AlignBottom);
    chart->addAxis(y, Qt::AlignLeft);
    for (int i = 0; i < static_cast<int>(data.lines.size()); ++i)
        addLine(chart, i, x, y);
    addGoal(chart, x, y);
    chart->legend()->hide();
    view->legend.clear();
    for (int i = 0; i < static_cast<int>(data.lines.size()); ++i)
        view->legend.emplace_back(data.lines[static_cast<std::size_t>(i)].name, i);
    view->goal = data.goal;
    view->goalText = data.goalText;
    view->ringed = false;
    QChart *old = view->chart();
    view->setChart(chart);
    view->placeLegend();
    delete old;
}

SweepChart::SweepChart(const QString &name, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<Private>())
{
    d->stack = new QStackedLayout(this);
    d->message = chartMessage();
    d->view = new SweepView;
    setUpChartView(d->view, this);
    d->stack->addWidget(d->message);
    d->stack->addWidget(d->view);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(name);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    d->actions = new ChartActions(
        this, QString(name).replace(u' ', u'-').toLower(), [this](QPainter &painter, const QSize &size) {
            d->view->render(&painter, QRectF(QPointF(0, 0), size), QRect(QPoint(0, 0), size));
        });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        if (!d->data.lines.empty())
            d->build();
    });
}

SweepChart::~SweepChart() = default;

const SweepData &SweepChart::data() const { return d->data; }

ChartActions *SweepChart::actions() const { return d->actions; }

std::pair<int, int> SweepChart::current() const { return {d->currentLine, d->currentDot}; }

void SweepChart::setData(SweepData data)
{
    std::erase_if(data.lines, [](const SweepLine &line) { return line.dots.empty(); });
    if (data.lines.empty())
        return showMessage(tr("There is nothing to draw yet."));
    d->data = std::move(data);
    d->currentLine = d->currentDot = -1;
    d->build();
    d->stack->setCurrentWidget(d->view);
}

void SweepChart::showMessage(const QString &text)
{
    d->data = {};
    d->currentLine = d->currentDot = -1;
    d->message->setText(text);
    d->stack->setCurrentWidget(d->message);
}

QPointF SweepChart::Private::positionOf(int at, int which) const
{
    const SweepDot &shown = data.lines[static_cast<std::size_t>(at)].dots[static_cast<std::size_t>(which)];
    return view->chart()->mapToPosition({shown.x, shown.y}, view->chart()->series().constFirst());
}

std::pair<int, int> SweepChart::Private::nearest(const QPointF &position) const
{
    std::pair<int, int> found{-1, -1};
    double best = kReach;
    for (int i = 0; i < static_cast<int>(data.lines.size()); ++i)
        for (int k = 0; k < static_cast<int>(data.lines[static_cast<std::size_t>(i)].dots.size()); ++k) {
            const QPointF away = positionOf(i, k) - position;
            if (const double distance = std::hypot(away.x(), away.y()); distance < best) {
                best = distance;
                found = {i, k};
            }
        }
    return found;
}

void SweepChart::setCurrent(int line, int dot)
{
    if (line == d->currentLine && dot == d->currentDot)
        return;
    d->currentLine = line;
    d->currentDot = dot;
    d->view->ringed = line >= 0;
    if (line >= 0)
        d->view->ring = d->positionOf(line, dot);
    d->view->viewport()->update();
    if (line < 0)
        return QToolTip::hideText();
    const SweepLine &shown = d->data.lines[static_cast<std::size_t>(line)];
    const QString text
        = shown.name + (shown.name.isEmpty() ? QString() : u"\n"_s) + shown.dots[static_cast<std::size_t>(dot)].tip;
    setAccessibleDescription(text);
    if (isVisible())
        QToolTip::showText(mapToGlobal(d->view->ring.toPoint() + QPoint(12, -12)), text, this);
}

bool SweepChart::eventFilter(QObject *watched, QEvent *event)
{
    if (d->data.lines.empty())
        return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::MouseMove) {
        const auto [line, dot] = d->nearest(static_cast<QMouseEvent *>(event)->position());
        setCurrent(line, dot);
    } else if (event->type() == QEvent::Leave) {
        setCurrent(-1, -1);
    } else if (event->type() == QEvent::MouseButtonPress
        && static_cast<QMouseEvent *>(event)->button() == Qt::LeftButton) {
        setFocus(Qt::MouseFocusReason);
        if (d->currentLine >= 0)
            Q_EMIT activated(d->currentLine, d->currentDot);
    }
    return QWidget::eventFilter(watched, event);
}

void SweepChart::keyPressEvent(QKeyEvent *event)
{
    const int lines = static_cast<int>(d->data.lines.size());
    if (lines == 0)
        return QWidget::keyPressEvent(event);
    const int line = std::clamp(d->currentLine, 0, lines - 1);
    const auto lastOf
        = [&](int at) { return static_cast<int>(d->data.lines[static_cast<std::size_t>(at)].dots.size()) - 1; };
    switch (event->key()) {
    case Qt::Key_Left: return setCurrent(line, std::max(0, d->currentDot - 1));
    case Qt::Key_Right: return setCurrent(line, std::min(lastOf(line), d->currentDot + 1));
    case Qt::Key_Home: return setCurrent(line, 0);
    case Qt::Key_End: return setCurrent(line, lastOf(line));
    case Qt::Key_Up:
    case Qt::Key_Down: {
        const int next = std::clamp(line + (event->key() == Qt::Key_Up ? -1 : 1), 0, lines - 1);
        return setCurrent(next, std::clamp(d->currentDot, 0, lastOf(next)));
    }
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (d->currentLine >= 0)
            Q_EMIT activated(d->currentLine, d->currentDot);
        return;
    default: QWidget::keyPressEvent(event);
    }
}

} // namespace quantscope
