#include "items/layer_tree.h"

#include "base/name_path.h"

#include <algorithm>
#include <unordered_map>

namespace quantscope {

/// Parts of one name beyond these are one: the branches of a name of n parts hold n² letters.
static constexpr std::size_t kMostParts = 64;

/// A number says nothing alone: "0" of "blocks.0" is labelled "blocks.0". `behind`: letters that are no label.
static std::size_t withParentOfNumber(std::string_view name, std::size_t labelAt, std::size_t behind)
{
    const std::string_view label = name.substr(labelAt, name.size() - labelAt - behind);
    if (labelAt < 2 || label.find_first_not_of("0123456789") != std::string_view::npos)
        return labelAt;
    const std::size_t parent = name.find_last_of("./", labelAt - 2);
    return parent == std::string_view::npos ? 0 : parent + 1;
}

/// First a branch for every part of every name, then without those that hold one thing.
class LayerTree::Builder {
public:
    Builder(LayerTree &tree, std::span<const std::string_view> names)
        : m_tree(tree)
        , m_names(names)
    {
    }

    void build()
    {
        m_all.resize(m_names.size());
        for (int at = 0; at < static_cast<int>(m_names.size()); ++at)
            place(at);
        m_tree.m_layers = static_cast<int>(m_names.size());
        m_tree.m_nodes.resize(m_names.size());
        for (const int at : m_top)
            m_tree.m_top.push_back(keep(at, -1, 0, 0));
    }

private:
    struct Raw {
        std::string prefix;
        std::vector<int> children;
    };

    std::vector<int> &childrenOf(int at) { return at < 0 ? m_top : m_all[static_cast<std::size_t>(at)].children; }

    /// Most names begin as the one before.
    void place(int at)
    {
        const std::string_view name = m_names[static_cast<std::size_t>(at)];
        std::vector<std::size_t> ends = branchEnds(name);
        ends.resize(std::min(ends.size(), kMostParts));
        std::vector<int> path;
        int parent = -1;
        for (std::size_t level = 0; level < ends.size(); ++level) {
            const std::string_view prefix = name.substr(0, ends[level]);
            const bool same = level < m_path.size() && m_all[static_cast<std::size_t>(m_path[level])].prefix == prefix;
            parent = same ? m_path[level] : branch(prefix, parent);
            path.push_back(parent);
        }
        childrenOf(parent).push_back(at);
        m_path = std::move(path);
    }

    int branch(std::string_view prefix, int parent)
    {
        const auto [found, isNew] = m_branches.try_emplace(std::string(prefix), static_cast<int>(m_all.size()));
        if (isNew) {
            m_all.push_back({std::string(prefix), {}});
            childrenOf(parent).push_back(found->second);
        }
        return found->second;
    }

    bool isBranch(int at) const { return at >= static_cast<int>(m_names.size()); }

    /// The node in the tree; `labelAt`: where the label begins.
    int keep(int at, int parent, int depth, std::size_t labelAt)
    {
        while (isBranch(at) && m_all[static_cast<std::size_t>(at)].children.size() == 1)
            at = m_all[static_cast<std::size_t>(at)].children.front();
        Raw &raw = m_all[static_cast<std::size_t>(at)];
        int kept = at;
        if (isBranch(at)) {
            kept = m_tree.size();
            m_tree.m_nodes.emplace_back();
        }
        std::vector<int> children;
        for (const int child : raw.children)
            children.push_back(keep(child, kept, depth + 1, raw.prefix.size()));
        const std::string_view whole
            = isBranch(at) ? std::string_view(raw.prefix) : m_names[static_cast<std::size_t>(at)];
        labelAt = withParentOfNumber(whole, labelAt, isBranch(at) ? 1 : 0);
        Node &node = m_tree.m_nodes[static_cast<std::size_t>(kept)];
        node = {parent, depth, labelAt, std::move(raw.prefix), std::move(children)};
        return kept;
    }

    LayerTree &m_tree;
    std::span<const std::string_view> m_names;
    std::vector<Raw> m_all; ///< first the layers
    std::vector<int> m_top;
    std::unordered_map<std::string, int> m_branches;
    std::vector<int> m_path; ///< the branches of the name before
};

LayerTree::LayerTree(std::span<const std::string_view> names) { Builder(*this, names).build(); }

} // namespace quantscope
