#pragma once

#include "charts/bit_weight_painter.h"
#include "charts/painted_chart.h"

namespace quantscope {

/// The log2 histogram of a tensor over the word that quantizes it: one bar is one bit. The blocks under the axis are
/// the word itself (sign, then the bits), the dashed line is the binary point.
class BitWeightChart : public PaintedChart {
    Q_OBJECT
    Q_PROPERTY(int wordLength READ wordLength WRITE setWordLength)
    Q_PROPERTY(int integerBits READ integerBits WRITE setIntegerBits)
public:
    explicit BitWeightChart(QWidget *parent = nullptr);

    /// A null histogram shows `message` instead.
    void setData(
        const BitWeightHistogram *histogram, const std::optional<BitWindow> &window, const QString &message = {});
    /// What is counted, for the tooltips: "|w|" until it is set.
    void setSubject(const QString &subject) { m_subject = subject; }
    /// Other tensors, drawn as lines over the bars as shares of their elements.
    void setOverlays(std::vector<BitOverlay> overlays);
    const std::vector<BitOverlay> &overlays() const { return m_overlays; }
    const std::vector<BitBar> &bars() const { return m_bars; }

    /// The type that colours the bars; 0 when there is no fixed-point type. Setting one shows what another type would
    /// do.
    int wordLength() const { return m_window && m_window->word ? m_window->word->width : 0; }
    int integerBits() const { return m_window && m_window->word ? m_window->word->integerBits : 0; }
    void setWordLength(int bits);
    void setIntegerBits(int bits);

    /// The window can be dragged and moved by keys: its left edge holds the integer bits, its right edge the fractional
    /// bits, the whole of it the scale. What is tried lives until the next setData or resetType.
    void setEditable(bool editable);
    bool trying() const { return m_trying; }
    std::optional<FixedType> triedType() const { return m_trying ? m_window->word : std::nullopt; }
    void tryType(FixedType type);
    void resetType();

    QSize sizeHint() const override { return {720, 240}; }
    QSize minimumSizeHint() const override { return {320, 180}; }

Q_SIGNALS:
    void windowChanged();
    void activated(int bar); ///< clicked and not dragged, or Enter

protected:
    bool event(QEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    double fontFactor() const override { return 0.92; }
    int barCount() const override { return static_cast<int>(m_bars.size()); }
    void paintChart(QPainter &painter, const QSize &size) const override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;

private:
    void rebuild();
    int barAt(const QPointF &position) const;
    void setCurrent(int bar, bool tellTip);

    enum class Grip { None, Left, Right, Whole };
    Grip gripAt(const QPointF &position) const;
    std::optional<FixedType> editedType() const;
    void moveGrip(Grip grip, int by, const FixedType &from);
    void drag(const QPointF &position);
    bool editByKey(QKeyEvent *event);
    std::optional<BitWeightHistogram> m_histogram;
    std::optional<BitWindow> m_window;
    std::vector<BitBar> m_bars;
    std::vector<BitOverlay> m_overlays;
    std::uint64_t m_total = 0;
    QString m_subject = QStringLiteral("|w|");
    std::optional<BitWindow> m_ownWindow; ///< of the data, while another is tried
    bool m_editable = false, m_trying = false;
    Grip m_grip = Grip::None;
    double m_pressedAt = 0; ///< exponent under the pointer
    int m_pressedBar = -1; ///< until the pointer moves away from it
    FixedType m_pressedType;
};

} // namespace quantscope
