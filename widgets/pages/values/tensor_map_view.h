#pragma once

#include "analysis/tensor_map.h"

#include <QWidget>

#include <optional>

namespace quantscope {

/// The whole tensor at a glance, one cell per kernel or block; a click goes there, hits are framed.
class TensorMapView : public QWidget {
    Q_OBJECT
public:
    static constexpr std::int64_t kMaxColumns = 64;
    static constexpr std::int64_t kMaxRows = 40;

    explicit TensorMapView(QWidget *parent = nullptr);
    void setMap(const std::optional<TensorMap> &map);
    void setHits(std::vector<std::size_t> cells);
    void setCurrent(std::optional<std::size_t> cell);
    QSize sizeHint() const override { return {220, 130}; }

Q_SIGNALS:
    void picked(qint64 columnIndex, qint64 rowIndex); ///< first index of the cell along the map's two axes

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;

private:
    QRectF cellRect(std::size_t cell) const;

    std::optional<TensorMap> m_map;
    std::vector<std::size_t> m_hits;
    std::optional<std::size_t> m_current;
};

} // namespace quantscope
