#include "items/layer_outline.h"

#include "items/text.h"

#include <QSet>

#include <algorithm>
#include <numeric>

namespace quantscope {

static std::size_t at(int node) { return static_cast<std::size_t>(node); }

void LayerOutline::setNames(std::span<const std::string_view> names)
{
    m_tree = LayerTree(names);
    m_open.assign(at(m_tree.size()), false);
    m_filtered = false;
    setMatches(std::vector<bool>(names.size(), true), false);
}

void LayerOutline::setMatches(const std::vector<bool> &matches, bool filtered)
{
    m_filtered = filtered;
    if (filtered)
        m_openInFilter.assign(at(m_tree.size()), true);
    updateMatches(matches);
}

void LayerOutline::updateMatches(const std::vector<bool> &matches)
{
    m_count.assign(at(m_tree.size()), 0);
    std::copy(matches.begin(), matches.end(), m_count.begin());
    m_shown = std::accumulate(m_count.begin(), m_count.end(), 0);
    for (int node = m_tree.size() - 1; node >= m_tree.layers(); --node) // what a branch holds stands behind it
        for (const int child : m_tree.node(node).children)
            m_count[at(node)] += m_count[at(child)];
}

void LayerOutline::arrange(const Sort &sort)
{
    m_all.clear();
    m_at.assign(at(m_tree.size()), -1);
    m_end.assign(at(m_tree.size()), -1);
    if (hasBranches()) {
        add(m_tree.top(), sort);
        return;
    }
    std::vector<int> layers(at(m_tree.layers()));
    std::iota(layers.begin(), layers.end(), 0);
    add(std::move(layers), sort);
}

void LayerOutline::add(std::vector<int> nodes, const Sort &sort)
{
    std::erase_if(nodes, [this](int node) { return !matches(node); });
    if (sort)
        sort(nodes);
    for (const int node : nodes) {
        m_at[at(node)] = static_cast<int>(m_all.size());
        m_all.push_back(node);
        if (m_tree.isBranch(node))
            add(m_tree.node(node).children, sort);
        m_end[at(node)] = static_cast<int>(m_all.size());
    }
}

std::vector<int> LayerOutline::branchesAround(int node) const
{
    std::vector<int> around;
    if (hasBranches())
        for (int branch = m_tree.node(node).parent; branch >= 0; branch = m_tree.node(branch).parent)
            around.push_back(branch);
    return around;
}

std::vector<int> LayerOutline::layersOf(int node) const
{
    if (!matches(node))
        return {};
    std::vector<int> layers;
    std::copy_if(m_all.begin() + m_at[at(node)], m_all.begin() + m_end[at(node)], std::back_inserter(layers),
        [this](int inside) { return !m_tree.isBranch(inside); });
    return layers;
}

int LayerOutline::next(int layer, int by, const std::function<bool(int)> &wanted) const
{
    const int from = layer >= 0 ? m_at[at(layer)] : -1;
    int place = from >= 0 ? from + by : by > 0 ? 0 : static_cast<int>(m_all.size()) - 1;
    for (; place >= 0 && place < static_cast<int>(m_all.size()); place += by)
        if (const int node = m_all[at(place)]; !m_tree.isBranch(node) && wanted(node))
            return node;
    return -1;
}

void LayerOutline::openAll(bool isOpen) { open().assign(at(m_tree.size()), isOpen); }

void LayerOutline::openAllIn(int branch, bool isOpen)
{
    setOpen(branch, isOpen);
    for (const int child : m_tree.node(branch).children)
        if (m_tree.isBranch(child))
            openAllIn(child, isOpen);
}

void LayerOutline::openUpTo(std::size_t rows)
{
    m_open.assign(at(m_tree.size()), false);
    std::vector<int> level = m_tree.top();
    for (std::size_t listed = level.size(); !level.empty();) {
        std::vector<int> below;
        for (const int node : level)
            below.insert(below.end(), m_tree.node(node).children.begin(), m_tree.node(node).children.end());
        listed += below.size();
        if (listed > rows)
            return;
        for (const int node : level)
            m_open[at(node)] = true;
        level = std::move(below);
    }
}

QStringList LayerOutline::openBranches() const
{
    QStringList prefixes;
    for (int node = m_tree.layers(); node < m_tree.size(); ++node)
        if (m_open[at(node)])
            prefixes << qs(m_tree.node(node).prefix);
    return prefixes;
}

void LayerOutline::setOpenBranches(const QStringList &prefixes)
{
    const QSet<QString> open(prefixes.begin(), prefixes.end());
    for (int node = m_tree.layers(); node < m_tree.size(); ++node)
        m_open[at(node)] = open.contains(qs(m_tree.node(node).prefix));
}

std::vector<bool> LayerOutline::rowsWith(const std::vector<bool> &layers) const
{
    std::vector<int> with(m_all.size() + 1, 0); // of those in front of a place
    for (std::size_t place = 0; place < m_all.size(); ++place)
        with[place + 1] = with[place] + (!m_tree.isBranch(m_all[place]) && layers[at(m_all[place])] ? 1 : 0);
    std::vector<bool> rows;
    rows.reserve(m_rows.size());
    for (const int node : m_rows)
        rows.push_back(with[at(m_end[at(node)])] - with[at(m_at[at(node)])] == layersIn(node));
    return rows;
}

std::vector<int> LayerOutline::listed() const
{
    std::vector<int> rows;
    for (std::size_t place = 0; place < m_all.size();) {
        const int node = m_all[place];
        rows.push_back(node);
        place = m_tree.isBranch(node) && !isOpen(node) ? at(m_end[at(node)]) : place + 1;
    }
    return rows;
}

void LayerOutline::setRows(std::vector<int> rows)
{
    m_rows = std::move(rows);
    m_rowOf.assign(at(m_tree.size()), -1);
    for (std::size_t row = 0; row < m_rows.size(); ++row)
        m_rowOf[at(m_rows[row])] = static_cast<int>(row);
}

} // namespace quantscope
