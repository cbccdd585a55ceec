#pragma once

#include "items/layer_tree.h"

#include <QStringList>

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace quantscope {

/// Which rows a list of layers has: those that match, in an order, flat or under branches of which some are folded.
/// Nodes are those of a LayerTree: a layer's is its row of the model.
class LayerOutline {
public:
    /// Other layers: all match, nothing is unfolded.
    void setNames(std::span<const std::string_view> names);
    const LayerTree &tree() const { return m_tree; }
    void setTree(bool tree) { m_isTree = tree; }
    bool isTree() const { return m_isTree; }
    /// It is a tree and a name has a branch: else the rows are a flat list.
    bool hasBranches() const { return m_isTree && m_tree.hasBranches(); }
    /// One a layer. `filtered`: from now on everything that matches is unfolded until somebody folds it; what was
    /// unfolded without a filter comes back with the end of it.
    void setMatches(const std::vector<bool> &matches, bool filtered);
    /// The same filter finds others.
    void updateMatches(const std::vector<bool> &matches);
    bool isFiltered() const { return m_filtered; }
    bool matches(int node) const { return m_count[static_cast<std::size_t>(node)] > 0; }
    int layersIn(int node) const { return m_count[static_cast<std::size_t>(node)]; } ///< that match
    int layersShown() const { return m_shown; }

    using Sort = std::function<void(std::vector<int> &nodes)>;
    /// Orders the nodes of each branch by `sort`; without it by their layers in the model.
    void arrange(const Sort &sort);
    /// From the innermost on; none in a flat list.
    std::vector<int> branchesAround(int node) const;
    /// The layers that match in a branch, or the layer itself, in the order of the list.
    std::vector<int> layersOf(int node) const;
    /// The layer behind (1) or before (-1) one in the list, folded or not, of those that are `wanted`; -1: none. From
    /// -1 the first or last.
    int next(int layer, int by, const std::function<bool(int)> &wanted) const;

    /// The nodes of the rows.
    const std::vector<int> &rows() const { return m_rows; }
    /// -1 where it is folded away or does not match.
    int rowOf(int node) const
    {
        return node < static_cast<int>(m_rowOf.size()) ? m_rowOf[static_cast<std::size_t>(node)] : -1;
    }
    /// Of each row: the layer is one of those, or all that match in the branch are.
    std::vector<bool> rowsWith(const std::vector<bool> &layers) const;
    bool isOpen(int branch) const { return open()[static_cast<std::size_t>(branch)]; }
    void setOpen(int branch, bool isOpen) { open()[static_cast<std::size_t>(branch)] = isOpen; }
    void openAll(bool isOpen);
    void openAllIn(int branch, bool isOpen); ///< it and those in it
    /// Without a filter: level by level while no more rows are listed than that.
    void openUpTo(std::size_t rows);
    /// Without a filter: by what their names begin with.
    QStringList openBranches() const;
    void setOpenBranches(const QStringList &prefixes);
    /// rows() as the nodes that are open want it.
    std::vector<int> listed() const;
    void setRows(std::vector<int> rows);

private:
    std::vector<bool> &open() { return m_filtered ? m_openInFilter : m_open; }
    const std::vector<bool> &open() const { return m_filtered ? m_openInFilter : m_open; }
    void add(std::vector<int> nodes, const Sort &sort);

    LayerTree m_tree;
    bool m_isTree = false, m_filtered = false;
    std::vector<bool> m_open, m_openInFilter; ///< of each node
    std::vector<int> m_count; ///< layers that match, of each node
    int m_shown = 0;
    std::vector<int> m_all; ///< nodes that match, in their order, as if nothing was folded
    std::vector<int> m_at; ///< of each node: its place in m_all; -1 where it is not there
    std::vector<int> m_end; ///< of each node: where what it holds ends in m_all
    std::vector<int> m_rows, m_rowOf;
};

} // namespace quantscope
