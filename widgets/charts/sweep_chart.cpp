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
static constexpr qsizetype kApart = 60; // more dots than that touch: each with a border would hide the one before

struct SweepChart::Private {
    SweepData data;
    QStackedLayout *stack = nullptr;
    QLabel *message = nullptr;
    SweepView *view = nullptr;
    ChartActions *actions = nullptr;
    int currentLine = -1, currentDot = -1;
    int startLine = 0, startDot = -1; ///< the last one that was clicked or reached by keys: where keys start

    const SweepDot &dot(int line, int at) const
    {
        return data.lines[static_cast<std::size_t>(line)].dots[static_cast<std::size_t>(at)];
    }
    int lastOf(int line) const { return static_cast<int>(data.lines[static_cast<std::size_t>(line)].dots.size()) - 1; }
    bool has(int line, int at) const
    {
        return line >= 0 && at >= 0 && line < static_cast<int>(data.lines.size()) && at <= lastOf(line);
    }
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
    const bool dense = shown.joined && points.size() > kApart;
    dots->setMarkerSize(dense ? 4 : sign.shape == QScatterSeries::MarkerShapeRectangle ? 8 : 10);
    dots->setColor(sign.hollow ? colours().panel : sign.colour);
    dots->setBorderColor(dense ? QColor(Qt::transparent) : sign.hollow ? sign.colour : colours().panel);
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
    view->ring.reset();
    view->picked.clear();
    for (const SweepLine &line : data.lines)
        for (const SweepDot &dot : line.dots)
            if (dot.picked)
                view->picked.emplace_back(dot.x, dot.y);
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

std::vector<QPointF> SweepChart::ringed() const { return d->view->picked; }

ChartActions *SweepChart::actions() const { return d->actions; }

std::pair<int, int> SweepChart::current() const { return {d->currentLine, d->currentDot}; }

void SweepChart::setData(SweepData data)
{
    std::erase_if(data.lines, [](const SweepLine &line) { return line.dots.empty(); });
    if (data.lines.empty())
        return showMessage(tr("There is nothing to draw yet."));
    d->data = std::move(data);
    if (!d->has(d->startLine, d->startDot)) {
        d->startLine = 0;
        d->startDot = -1;
    }
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
    const SweepDot &shown = dot(at, which);
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
    d->view->ring = line >= 0 ? std::optional(QPointF(d->dot(line, dot).x, d->dot(line, dot).y)) : std::nullopt;
    d->view->viewport()->update();
    if (line < 0)
        return QToolTip::hideText();
    const SweepLine &shown = d->data.lines[static_cast<std::size_t>(line)];
    const QString text
        = shown.name + (shown.name.isEmpty() ? QString() : u"\n"_s) + shown.dots[static_cast<std::size_t>(dot)].tip;
    setAccessibleDescription(text);
    if (isVisible())
        showChartTip(mapToGlobal(d->positionOf(line, dot).toPoint() + QPoint(12, -12)), text, this);
}

bool SweepChart::eventFilter(QObject *watched, QEvent *event)
{
    if (d->data.lines.empty())
        return QWidget::eventFilter(watched, event);
    if (d->currentLine >= 0 && keepsChartTip(event))
        return true;
    if (event->type() == QEvent::MouseMove) {
        const auto [line, dot] = d->nearest(static_cast<QMouseEvent *>(event)->position());
        setCurrent(line, dot);
    } else if (event->type() == QEvent::Leave) {
        setCurrent(-1, -1);
    } else if (event->type() == QEvent::MouseButtonPress
        && static_cast<QMouseEvent *>(event)->button() == Qt::LeftButton) {
        setFocus(Qt::MouseFocusReason);
        const auto [line, dot] = d->nearest(static_cast<QMouseEvent *>(event)->position());
        if (line >= 0) {
            d->startLine = line;
            d->startDot = dot;
            Q_EMIT activated(line, dot);
        }
    }
    return QWidget::eventFilter(watched, event);
}

void SweepChart::keyPressEvent(QKeyEvent *event)
{
    const int lines = static_cast<int>(d->data.lines.size());
    if (lines == 0)
        return QWidget::keyPressEvent(event);
    const int line = std::clamp(d->startLine, 0, lines - 1);
    const auto goTo = [this](int toLine, int dot) {
        d->startLine = toLine;
        d->startDot = std::clamp(dot, 0, d->lastOf(toLine));
        setCurrent(d->startLine, d->startDot);
    };
    switch (event->key()) {
    case Qt::Key_Left: return goTo(line, d->startDot - 1);
    case Qt::Key_Right: return goTo(line, d->startDot + 1);
    case Qt::Key_Home: return goTo(line, 0);
    case Qt::Key_End: return goTo(line, d->lastOf(line));
    case Qt::Key_Up: return goTo(std::max(0, line - 1), d->startDot);
    case Qt::Key_Down: return goTo(std::min(lines - 1, line + 1), d->startDot);
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (d->has(line, d->startDot))
            Q_EMIT activated(line, d->startDot);
        return;
    default: QWidget::keyPressEvent(event);
    }
}

} // namespace quantscope
