#pragma once

#include <QString>

#include <QtCharts/QValueAxis>

namespace quantscope {

/// An axis of numbers with few round labels at multiples of their distance.
struct ValueAxisRange {
    double low = 0, high = 1;
    int parts = 5; ///< about as many labels are wished
    bool whole = false; ///< whole numbers only
};
QValueAxis *valueAxis(const QString &title, const ValueAxisRange &range);

/// For bars as high as log10(count + 1): the counts 1, 10, 100 and so on at their places.
QValueAxis *logCountAxis(const QString &title, double high);

/// A power of ten to divide by before numbers of this size are drawn: the chart library takes a range below 1e-12 for
/// an empty one. 1 for ordinary numbers.
double axisUnit(double span);
/// The title with the unit, such as "scale, 1e-15".
QString titleWithUnit(const QString &title, double unit);

} // namespace quantscope
