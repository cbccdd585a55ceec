#pragma once

#include <QPointF>
#include <QString>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

class ChartActions;

struct SweepDot {
    double x = 0, y = 0;
    QString tip;
    bool picked = false; ///< ringed
};
/// Dots joined by a line; each line has its own sign besides its colour.
struct SweepLine {
    QString name;
    std::vector<SweepDot> dots;
    bool joined = true;
};
struct SweepData {
    std::vector<SweepLine> lines;
    QString xTitle, yTitle;
    bool wholeNumbers = false; ///< of the x axis
    std::optional<double> goal; ///< a horizontal line
    QString goalText;
};

/// Figures over bits as lines. Its interface names no type of the chart library.
class SweepChart : public QWidget {
    Q_OBJECT
public:
    explicit SweepChart(const QString &name, QWidget *parent = nullptr);
    ~SweepChart() override;

    void setData(SweepData data);
    void showMessage(const QString &text);
    const SweepData &data() const;
    ChartActions *actions() const;
    /// The chosen dots as they are drawn: values, not places on the screen.
    std::vector<QPointF> ringed() const;
    /// The dot under the pointer or reached by keys, as line and position; {-1, -1} for none.
    std::pair<int, int> current() const;
    void setCurrent(int line, int dot);
    QSize sizeHint() const override { return {420, 130}; }
    QSize minimumSizeHint() const override { return {200, 130}; }

Q_SIGNALS:
    void activated(int line, int dot); ///< clicked, or Enter

protected:
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace quantscope
