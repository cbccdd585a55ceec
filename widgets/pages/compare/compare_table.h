#pragma once

#include "items/compare_model.h"

#include <QHeaderView>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QWidget>

namespace quantscope {

/// Value and difference side by side; best figures framed, the chosen column outlined.
class CompareDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

private:
    void paintColumn(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const;
};

/// Title and subtitle of a candidate.
class CompareHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit CompareHeader(QWidget *parent = nullptr);
    QSize sizeHint() const override;
    void setChosen(int section);

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override;
    QSize sectionSizeFromContents(int section) const override;

private:
    int m_chosen = -1;
};

/// Names of the figures; a click orders by one.
class CompareRows : public QHeaderView {
    Q_OBJECT
public:
    explicit CompareRows(const CompareModel &model, QWidget *parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override;

private:
    const CompareModel &m_compared;
};

/// The candidates beside the file's own column, which stays while they scroll. A column is chosen, not a cell.
class CompareTable : public QWidget {
    Q_OBJECT
public:
    explicit CompareTable(CompareModel &model, QWidget *parent = nullptr);
    /// -1 when none is chosen.
    int chosen() const { return m_chosen; }
    void choose(int column);
    QTableView *candidates() const { return m_view; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {200, sizeHint().height()}; } ///< all figures; a low page scrolls

Q_SIGNALS:
    void chosenChanged();
    void picked(); ///< the choice is a person's
    void orderRequested(CompareFigure figure);
    void removeRequested();
    void applyRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void setUp(QTableView *view);
    void onReset();
    bool onKey(int key);
    void pick(int column);

    CompareModel &m_model;
    QTableView *m_file, *m_view;
    CompareHeader *m_header;
    int m_chosen = -1;
    bool m_keyed = false; ///< a key moves the choice
};

} // namespace quantscope
