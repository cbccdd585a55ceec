#pragma once

#include "items/branch_rows.h"
#include "items/layer_filter.h"
#include "items/layer_outline.h"

#include <QAbstractProxyModel>
#include <QString>
#include <QStringList>
#include <QTimer>

#include <vector>

namespace quantscope {

class LayerModel;

/// The layers that match a filter, sorted by the values behind the cells (kValueRole; numbers as numbers, texts
/// whatever their case, unknown ones last in both orders): flat, or as a tree whose branches fold. A branch is a row
/// above its layers, which are sorted within it; its cells are what the layers come to that are listed.
class ListedLayers : public QAbstractProxyModel {
    Q_OBJECT
public:
    explicit ListedLayers(QObject *parent = nullptr);
    ~ListedLayers() override;
    void setSourceModel(QAbstractItemModel *model) override; ///< a LayerModel
    /// Terms that cannot be used are left out: the reason for the first, or empty.
    QString setFilterText(const QString &text);
    bool isFiltered() const { return !m_filter.terms.empty(); }
    int layersShown() const { return m_layersShown; } ///< that match, folded or not

    void setTree(bool tree);
    /// What is folded and what the names are; for changes there are the functions below.
    const LayerOutline &outline() const { return m_outline; }
    bool isBranch(int row) const;
    bool isUnfolded(int row) const;
    void setUnfolded(int row, bool unfolded);
    void setAllUnfolded(int row, bool unfolded); ///< a branch and those in it; -1: all
    void unfoldUpTo(int rows); ///< level by level while no more rows are listed than that
    /// Unfolds what holds a layer; false where it does not match the filter.
    bool reveal(int sourceRow);
    int branchOf(int row) const; ///< the row of the branch that a row lies in; -1: none
    /// What a recipe and the filter name a branch's layers by: "backbone.stages.3.*".
    QString patternOf(int row) const;
    /// Rows of the model that are listed in a branch, in their order; of a layer, its own.
    std::vector<int> layersOf(int row) const;
    /// Of each row: the layer is one of those, or all that are listed in the branch are.
    std::vector<bool> rowsWith(const QStringList &layers) const;
    /// The layer that follows (1) or precedes (-1) one in the list, in folded branches too; -1: none. From -1 the first
    /// or last.
    int nextLayer(int sourceRow, int by, bool weightsOnly) const;
    /// The branches that are unfolded without a filter, by what their names begin with.
    QStringList unfolded() const { return m_outline.openBranches(); }
    void setUnfoldedBranches(const QStringList &prefixes);

    QModelIndex mapToSource(const QModelIndex &index) const override;
    QModelIndex mapFromSource(const QModelIndex &index) const override;
    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &) const override { return {}; }
    QModelIndex buddy(const QModelIndex &index) const override { return index; }
    bool hasChildren(const QModelIndex &parent = {}) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
    int sortColumn() const { return m_sortColumn; }
    Qt::SortOrder sortOrder() const { return m_sortOrder; }

Q_SIGNALS:
    void sorted(); ///< by another column, though the rows may stay

protected:
    LayerModel *layers() const { return m_layers; }
    int nodeAt(int row) const { return m_outline.rows()[static_cast<std::size_t>(row)]; }
    const ListedRow &rowOfNode(int node) const { return m_branches.of(node); }

private:
    void onSourceReset();
    void onSourceChanged(const QModelIndex &from, const QModelIndex &to);
    std::vector<bool> matches();
    void rebuild();
    void arrange();
    void show(std::vector<int> rows);
    void reorder(std::vector<int> rows);
    void sortNodes(std::vector<int> &nodes) const;
    void setOpen(int row, bool open);

    LayerModel *m_layers = nullptr;
    LayerFilter m_filter;
    LayerOutline m_outline;
    BranchRows m_branches{m_outline};
    int m_layersShown = 0;
    int m_sortColumn = -1;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    QTimer m_later; ///< rows change one after the other
};

} // namespace quantscope
