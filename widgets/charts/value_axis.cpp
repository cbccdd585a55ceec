#include "charts/value_axis.h"

#include "items/text.h"
#include "look/theme.h"

#include <QtCharts/QCategoryAxis>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace quantscope {

static double roundStep(const ValueAxisRange &range)
{
    if (!(range.high > range.low))
        return 1;
    const double raw = (range.high - range.low) / range.parts;
    const double magnitude = std::pow(10.0, std::floor(std::log10(raw)));
    double step = 10 * magnitude;
    for (const double of : {1.0, 2.0, 2.5, 5.0})
        if (raw <= of * magnitude && (!range.whole || of != 2.5)) {
            step = of * magnitude;
            break;
        }
    return range.whole ? std::max(1.0, std::round(step)) : step;
}

/// As many digits as tell neighbouring labels apart.
static int labelDigits(const ValueAxisRange &range, double step)
{
    const double largest = std::max(std::abs(range.low), std::abs(range.high));
    const int digits = static_cast<int>(std::ceil(std::log10(std::max(1.0, largest / step)))) + 2;
    return std::clamp(digits, 6, std::numeric_limits<double>::digits10);
}

static QValueAxis *dressed(QValueAxis *axis, const QString &title)
{
    axis->setLabelsFont(Theme::sans(0.88));
    axis->setTitleFont(Theme::sans(0.88));
    axis->setLabelsColor(colours().dim);
    axis->setTitleBrush(colours().dim);
    axis->setGridLineColor(colours().line);
    axis->setLinePenColor(colours().dim);
    axis->setTitleText(title);
    return axis;
}

QValueAxis *logCountAxis(const QString &title, double high)
{
    auto *axis = new QCategoryAxis;
    axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    const auto place = [](std::uint64_t count) { return std::log10(static_cast<double>(count) + 1); };
    const bool few = high < place(100); // then the decades alone would be one label or two
    for (std::uint64_t decade = 1; place(decade) <= high; decade *= 10)
        for (const std::uint64_t count : {decade, 2 * decade, 5 * decade})
            if (place(count) <= high && (few || count == decade))
                axis->append(groupedText(count), place(count));
    axis->setRange(0, high);
    return dressed(axis, title);
}

/// The labels of the chart library's own axis have the hyphen of programs for a minus.
QValueAxis *valueAxis(const QString &title, const ValueAxisRange &range)
{
    static constexpr int kMostLabels = 64; // never reached by a round step
    auto *axis = new QCategoryAxis;
    axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    axis->setStartValue(range.low);
    const double step = roundStep(range);
    const int digits = labelDigits(range, step);
    for (int i = 0; i < kMostLabels; ++i) {
        const double value = (std::ceil(range.low / step) + i) * step;
        if (value > range.high + step * 1e-9)
            break;
        axis->append(
            withMinus(range.whole ? QString::number(value, 'f', 0) : QString::number(value, 'g', digits)), value);
    }
    axis->setRange(range.low, range.high);
    return dressed(axis, title);
}

double axisUnit(double span) { return span > 0 && span < 1e-9 ? std::pow(10.0, std::floor(std::log10(span))) : 1; }

QString titleWithUnit(const QString &title, double unit)
{
    return unit == 1 ? title : u"%1, 1e%2"_s.arg(title, wholeText(std::lround(std::log10(unit))));
}

} // namespace quantscope
