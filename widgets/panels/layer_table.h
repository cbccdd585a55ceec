#pragma once

#include "items/layer_proxy.h"

#include <QTableView>

namespace quantscope {

/// The list of layers: branches fold by their mark, by double click and by keys as in a tree (left, right, +, -, *).
class LayerTable : public QTableView {
    Q_OBJECT
public:
    /// Shows `rows`, which its owner gives it as its model.
    explicit LayerTable(LayerProxy &rows, QWidget *parent = nullptr);

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;

private:
    bool foldByKey(int key, int row);
    void fold(int row, bool all = false);
    void goTo(int row);

    LayerProxy &m_rows;
};

} // namespace quantscope
