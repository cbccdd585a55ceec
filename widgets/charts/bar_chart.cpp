#include "charts/bar_chart.h"

#include "charts/chart_actions.h"
#include "charts/chart_view.h"
#include "charts/value_axis.h"
#include "look/theme.h"

#include <QtCharts/QBarSet>
#include <QtCharts/QChart>
#include <QtCharts/QChartView>
#include <QtCharts/QLegendMarker>
#include <QtCharts/QLineSeries>
#include <QtCharts/QStackedBarSeries>
#include <QtCharts/QValueAxis>

#include <QGraphicsLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QStackedLayout>
#include <QToolTip>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

/// The view with a frame around the current bar.
class FramedView : public QChartView {
public:
    using QChartView::QChartView;
    QRectF frame;

protected:
    void drawForeground(QPainter *painter, const QRectF &rect) override
    {
        QChartView::drawForeground(painter, rect);
        if (frame.isNull())
            return;
        painter->setPen(QPen(colours().text, 1.5, Qt::DotLine));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(frame);
    }
};

struct BarChart::Private {
    BarData data;
    QStackedLayout *stack = nullptr;
    QLabel *message = nullptr;
    FramedView *view = nullptr;
    ChartActions *actions = nullptr;
    int current = -1;
    int start = -1; ///< the last bar that was clicked or reached by keys: where keys start

    std::size_t bars() const { return data.sets.empty() ? 0 : data.sets.front().values.size(); }
    void build();
    void addBars(QChart *chart, double unit);
    void addMarkers(QChart *chart, QAbstractAxis *x, QAbstractAxis *y, double unit);
    QRectF frameOf(int bar) const;
    int barAt(const QPointF &position) const;
};

static QBrush brushOf(BarRole role)
{
    const Colours &c = colours();
    switch (role) {
    case BarRole::Light: return c.barLight;
    case BarRole::Bad: return QBrush(c.red, Qt::Dense2Pattern);
    case BarRole::Warning: return QBrush(c.amber, Qt::Dense2Pattern);
    default: return c.bar;
    }
}

void BarChart::Private::addBars(QChart *chart, double unit)
{
    auto *series = new QStackedBarSeries;
    series->setBarWidth(bars() > 128 ? 1.0 : 0.9);
    for (const BarSet &set : data.sets) {
        auto *bars = new QBarSet(set.name);
        QList<qreal> values;
        for (const double value : set.values)
            values << value / unit;
        bars->append(values);
        bars->setBrush(brushOf(set.role));
        bars->setPen(Qt::NoPen);
        series->append(bars);
    }
    chart->addSeries(series);
}

static std::pair<double, double> stackedRange(const BarData &data, std::size_t bars)
{
    double low = 0;
    double high = 0;
    for (std::size_t i = 0; i < bars; ++i) {
        double up = 0;
        double down = 0;
        for (const BarSet &set : data.sets)
            (set.values[i] < 0 ? down : up) += set.values[i];
        low = std::min(low, down);
        high = std::max(high, up);
    }
    return {low, high > low ? high : low + 1};
}

void BarChart::Private::addMarkers(QChart *chart, QAbstractAxis *x, QAbstractAxis *y, double unit)
{
    const auto *axis = static_cast<QValueAxis *>(y);
    const auto addLine = [&](double at, const QPen &pen) {
        auto *line = new QLineSeries;
        line->append(at, axis->min());
        line->append(at, axis->max());
        line->setPen(pen);
        chart->addSeries(line);
        line->attachAxis(x);
        line->attachAxis(y);
        for (QLegendMarker *marker : chart->legend()->markers(line))
            marker->setVisible(false);
    };
    addLine(data.low / unit, QPen(Qt::NoPen)); // binds the axis of values even without a marker
    for (const BarMarker &marker : data.markers)
        addLine(marker.x / unit, QPen(colours().text, 1.4, Qt::DashLine));
}

void BarChart::Private::build()
{
    auto *chart = new QChart;
    chart->setBackgroundBrush(Qt::NoBrush);
    chart->setMargins(QMargins(0, 4, 8, 0));
    chart->layout()->setContentsMargins(0, 0, 0, 0);
    const auto [low, high] = stackedRange(data, bars());
    const double xUnit = axisUnit(data.high - data.low);
    const double yUnit = axisUnit(high - low);
    addBars(chart, yUnit);
    auto *hidden = new QValueAxis;
    hidden->setRange(-0.5, static_cast<double>(bars()) - 0.5);
    hidden->setVisible(false);
    auto *x = valueAxis(titleWithUnit(data.xTitle, xUnit), {data.low / xUnit, data.high / xUnit, 8, data.wholeNumbers});
    x->setGridLineVisible(false);
    auto *y = data.logCounts ? logCountAxis(data.yTitle, high * 1.08)
                             : valueAxis(titleWithUnit(data.yTitle, yUnit),
                                 {low < 0 ? low / yUnit * 1.08 : 0, high / yUnit * 1.08, 4, false});
    chart->addAxis(x, Qt::AlignBottom);
    chart->addAxis(hidden, Qt::AlignBottom);
    chart->addAxis(y, Qt::AlignLeft);
    chart->series().constFirst()->attachAxis(hidden);
    chart->series().constFirst()->attachAxis(y);
    addMarkers(chart, x, y, xUnit);
    chart->legend()->setAlignment(Qt::AlignTop);
    chart->legend()->setFont(Theme::sans(0.92));
    chart->legend()->setLabelColor(colours().dim);
    const auto named
        = std::count_if(data.sets.begin(), data.sets.end(), [](const BarSet &set) { return !set.name.isEmpty(); });
    chart->legend()->setVisible(named > 1);
    QChart *old = view->chart();
    view->setChart(chart);
    delete old;
}

QRectF BarChart::Private::frameOf(int bar) const
{
    if (bar < 0 || bars() == 0)
        return {};
    const QRectF plot = view->chart()->plotArea();
    const double width = plot.width() / static_cast<double>(bars());
    return {plot.left() + bar * width, plot.top(), width, plot.height()};
}

int BarChart::Private::barAt(const QPointF &position) const
{
    const QRectF plot = view->chart()->plotArea();
    if (bars() == 0 || !plot.contains(position))
        return -1;
    const int bar = static_cast<int>((position.x() - plot.left()) / plot.width() * static_cast<double>(bars()));
    return std::clamp(bar, 0, static_cast<int>(bars()) - 1);
}

BarChart::BarChart(const QString &name, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<Private>())
{
    d->stack = new QStackedLayout(this);
    d->message = chartMessage();
    d->view = new FramedView;
    setUpChartView(d->view, this);
    d->stack->addWidget(d->message);
    d->stack->addWidget(d->view);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(name);
    setMinimumHeight(150);
    d->actions = new ChartActions(
        this, QString(name).replace(u' ', u'-').toLower(), [this](QPainter &painter, const QSize &size) {
            d->view->render(&painter, QRectF(QPointF(0, 0), size), QRect(QPoint(0, 0), size));
        });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        if (d->bars() > 0)
            d->build();
    });
}

BarChart::~BarChart() = default;

const BarData &BarChart::data() const { return d->data; }

ChartActions *BarChart::actions() const { return d->actions; }

void BarChart::setData(BarData data)
{
    for (BarSet &set : data.sets)
        if (set.values.size() > kMaxBars)
            set.values.resize(kMaxBars); // callers bin before; more would cost a frame per bar
    d->data = std::move(data);
    d->current = d->start = -1;
    d->view->frame = {};
    d->build();
    d->stack->setCurrentWidget(d->view);
}

void BarChart::showMessage(const QString &text)
{
    d->data = {};
    d->message->setText(text);
    d->stack->setCurrentWidget(d->message);
}

void BarChart::setCurrent(int bar)
{
    if (bar == d->current)
        return;
    d->current = bar;
    d->view->frame = d->frameOf(bar);
    d->view->viewport()->update();
    if (bar < 0 || !d->data.describe)
        return QToolTip::hideText();
    const QString text = d->data.describe(static_cast<std::size_t>(bar));
    setAccessibleDescription(text);
    if (isVisible())
        showChartTip(mapToGlobal(d->view->frame.topRight().toPoint()), text, this);
}

bool BarChart::eventFilter(QObject *watched, QEvent *event)
{
    if (d->current >= 0 && keepsChartTip(event))
        return true;
    if (event->type() == QEvent::MouseMove)
        setCurrent(d->barAt(static_cast<QMouseEvent *>(event)->position()));
    else if (event->type() == QEvent::Leave)
        setCurrent(-1);
    else if (event->type() == QEvent::MouseButtonPress
        && static_cast<QMouseEvent *>(event)->button() == Qt::LeftButton) {
        setFocus(Qt::MouseFocusReason);
        if (const int bar = d->barAt(static_cast<QMouseEvent *>(event)->position()); bar >= 0) {
            d->start = bar;
            Q_EMIT activated(bar);
        }
    }
    return QWidget::eventFilter(watched, event);
}

void BarChart::keyPressEvent(QKeyEvent *event)
{
    const int last = static_cast<int>(d->bars()) - 1;
    const auto goTo = [&](int bar) {
        d->start = std::clamp(bar, std::min(0, last), last);
        setCurrent(d->start);
    };
    switch (event->key()) {
    case Qt::Key_Left: return goTo(d->start - 1);
    case Qt::Key_Right: return goTo(d->start + 1);
    case Qt::Key_Home: return goTo(0);
    case Qt::Key_End: return goTo(last);
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (d->start >= 0)
            Q_EMIT activated(d->start);
        return;
    case Qt::Key_Escape:
        d->start = -1;
        if (d->current >= 0)
            return setCurrent(-1);
        [[fallthrough]];
    default: QWidget::keyPressEvent(event);
    }
}

} // namespace quantscope
