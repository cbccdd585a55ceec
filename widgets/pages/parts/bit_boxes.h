#pragma once

#include <QWidget>

#include <cstdint>
#include <optional>

namespace quantscope {

/// The bits of one code as boxes with their weights; ones filled, the sign first, a dot at the binary point.
class BitBoxes : public QWidget {
    Q_OBJECT
public:
    explicit BitBoxes(QWidget *parent = nullptr);
    /// Without integer bits the weights are those of the integer.
    void setCode(std::int64_t code, int bits, std::optional<int> integerBits, bool isSigned);
    void clear() { setCode(0, 0, {}, true); }
    void setWeightsAbove(bool above);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {160, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::int64_t m_code = 0;
    int m_bits = 0;
    std::optional<int> m_integerBits;
    bool m_signed = true;
    bool m_above = false;
};

/// "−2⁻¹ + 2⁻² + 2⁻⁴ = −0.296875"; empty for more than 12 ones.
QString bitSumText(std::int64_t code, int bits, int integerBits, bool isSigned);

} // namespace quantscope
