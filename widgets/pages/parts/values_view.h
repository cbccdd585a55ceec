#pragma once

#include <QHeaderView>
#include <QStyledItemDelegate>
#include <QTableView>

#include <functional>

namespace quantscope {

class ValuesModel;

/// A column header of two lines where two or more axes run along the columns: the outer axes span their groups.
class GroupedHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit GroupedHeader(QWidget *parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override;
    void paintEvent(QPaintEvent *event) override;

private:
    const ValuesModel *values() const;
    QString groupTitle(int section) const;
};

/// Titles of the rows, set as those of the columns.
class RowHeader : public QHeaderView {
    Q_OBJECT
public:
    using QHeaderView::QHeaderView;

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override;
};

/// Tints a cell by the size of its code and marks the ends of the range with a corner, and what a second model has
/// otherwise with one at the left. What was found is framed.
class ValuesDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

/// Tint of a cell for a magnitude of 0..1.
QColor magnitudeColour(double magnitude);

/// A table of ValuesModel with its header, delegate and fixed column widths: resizing to contents reads every cell.
class ValuesView : public QTableView {
    Q_OBJECT
public:
    explicit ValuesView(ValuesModel *model, QWidget *parent = nullptr);
    /// Column width for the widest text of the current form.
    void fitColumns();

private:
    ValuesModel *m_model;
};

} // namespace quantscope
