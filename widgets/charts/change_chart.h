#pragma once

#include "charts/painted_chart.h"
#include "diff/change_kernels.h"

#include <vector>

namespace quantscope {

/// How far codes went from one model to another: a bar for each power of two of the change, down at the left, up at the
/// right, with a logarithmic count.
class ChangeChart : public PaintedChart {
    Q_OBJECT
public:
    explicit ChangeChart(QWidget *parent = nullptr);
    /// `count` is that of all elements that were compared.
    void setBins(std::vector<ChangeBin> bins, std::uint64_t count);
    const std::vector<ChangeBin> &bins() const { return m_bins; }
    /// "+4 to +7: 12 of 4,608 codes (0.3 %)".
    QString describe(int bar) const;
    /// Finds what a bar counts (diff/find_changes.h).
    QString query(int bar) const;
    QSize sizeHint() const override { return {720, 130}; }
    QSize minimumSizeHint() const override { return {220, 110}; }

Q_SIGNALS:
    void activated(int bar); ///< clicked, or Enter

protected:
    double fontFactor() const override { return 0.85; }
    int barCount() const override { return static_cast<int>(m_bins.size()); }
    void paintChart(QPainter &painter, const QSize &size) const override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QRectF plot(const QSize &size) const;
    double heightOf(std::uint64_t count, const QRectF &plot) const;
    int barAt(const QPointF &position) const;
    void setCurrent(int bar);

    std::vector<ChangeBin> m_bins;
    std::uint64_t m_count = 0, m_most = 1;
};

} // namespace quantscope
