#pragma once

#include <QString>
#include <QWidget>

#include <functional>
#include <memory>
#include <vector>

namespace quantscope {

class ChartActions;

/// Meaning of a set of bars; every meaning but the ordinary one is hatched.
enum class BarRole { Ordinary, Light, Bad, Warning };

struct BarSet {
    QString name; ///< for the legend; empty: not listed
    BarRole role = BarRole::Ordinary;
    std::vector<double> values; ///< one per bar, stacked
};

struct BarMarker {
    double x = 0;
    QString text;
};

/// Bars over equal parts of [low, high]; at most kMaxBars of them.
struct BarData {
    double low = 0, high = 1;
    std::vector<BarSet> sets;
    std::vector<BarMarker> markers; ///< vertical lines
    QString xTitle, yTitle;
    bool wholeNumbers = false; ///< of the x axis
    bool logCounts = false; ///< the values are log10(count + 1): the y axis tells the counts
    std::function<QString(std::size_t)> describe; ///< tooltip of a bar
    std::function<QString(std::size_t)> query = nullptr; ///< finds what a bar counts (analysis/find_query.h)
};

/// Ordinary bar charts. Qt Charts is deprecated upstream: this file is the only one that knows it, and it is always
/// given data that was binned before.
class BarChart : public QWidget {
    Q_OBJECT
public:
    static constexpr std::size_t kMaxBars = 512;

    explicit BarChart(const QString &name, QWidget *parent = nullptr);
    ~BarChart() override;

    void setData(BarData data);
    void showMessage(const QString &text);
    const BarData &data() const;
    QSize sizeHint() const override { return {720, 240}; }
    ChartActions *actions() const;
    /// Frames a bar and tells about it; -1 for none.
    void setCurrent(int bar);

Q_SIGNALS:
    void activated(int bar); ///< clicked, or Enter

protected:
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace quantscope
