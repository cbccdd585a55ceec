#pragma once

#include <cstdint>
#include <vector>

namespace quantscope {

/// successors[n]: the nodes that an edge leads to from node n; may repeat.
using Successors = std::vector<std::vector<std::uint32_t>>;

struct TopologicalOrder {
    std::vector<std::uint32_t> nodes; ///< producers first; nodes on a cycle stand together
    std::vector<std::uint32_t> component; ///< of each node: equal for nodes on one cycle
};

/// Of any directed graph, in O(nodes + edges) but for the queue. What does not depend on each other is ordered by
/// `rank` (one a node, smaller first, then by number); a cycle has the smallest rank of its nodes that is not 0.
/// Strongly connected components: Tarjan, SIAM J. Comput. 1 (1972).
TopologicalOrder topologicalOrder(const Successors &successors, const std::vector<std::uint32_t> &rank);

} // namespace quantscope
