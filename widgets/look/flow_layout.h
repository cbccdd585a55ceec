#pragma once

#include <QLayout>
#include <QList>

namespace quantscope {

/// Places items in rows from left to right and wraps: figures stay whole in a narrow window. The spare width of a row
/// goes to its items that expand, which need only their smallest width; where `stretch` is set, else to all, so that a
/// full row ends flush.
class FlowLayout : public QLayout {
public:
    explicit FlowLayout(QWidget *parent = nullptr, int spacing = 8, bool stretch = false);
    ~FlowLayout() override;

    void addItem(QLayoutItem *item) override { m_items.append(item); }
    /// What follows stands at the right end of the row.
    void addStretch();
    int count() const override { return static_cast<int>(m_items.size()); }
    QLayoutItem *itemAt(int index) const override { return m_items.value(index); }
    QLayoutItem *takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return {}; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override { return place(QRect(0, 0, width, 0), false); }
    QSize minimumSize() const override;
    QSize sizeHint() const override;
    void setGeometry(const QRect &rect) override;

private:
    struct Cell;
    int place(const QRect &rect, bool apply) const;
    int placeRow(const QList<Cell> &row, const QRect &line, bool apply) const;

    QList<QLayoutItem *> m_items;
    bool m_stretch;
};

/// What a line that wraps keeps beside each other, such as a word and its field.
QWidget *inOneRow(const QList<QWidget *> &widgets);

} // namespace quantscope
