#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Layers as the tree that their names are (branchEnds() of base/name_path.h). A branch is what two or more of them
/// begin with and holds at least two things; what would hold one is that one, by a longer label.
class LayerTree {
public:
    /// A layer by its position among the names, or a branch: those come behind all layers.
    struct Node {
        int parent = -1; ///< a branch; -1 at the top
        int depth = 0; ///< branches around it
        std::size_t labelAt = 0; ///< of the name or prefix: where its own part begins
        std::string prefix; ///< of a branch: what its layers begin with, the separator too
        std::vector<int> children; ///< in the order of their first layers
    };

    LayerTree() = default;
    /// In O(length of all names).
    explicit LayerTree(std::span<const std::string_view> names);

    const Node &node(int at) const { return m_nodes[static_cast<std::size_t>(at)]; }
    int size() const { return static_cast<int>(m_nodes.size()); }
    int layers() const { return m_layers; }
    bool isBranch(int at) const { return at >= m_layers; }
    bool hasBranches() const { return size() > m_layers; }
    const std::vector<int> &top() const { return m_top; }

private:
    class Builder;
    std::vector<Node> m_nodes;
    std::vector<int> m_top;
    int m_layers = 0;
};

} // namespace quantscope
