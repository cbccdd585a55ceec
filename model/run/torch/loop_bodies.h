#pragma once

#include "graph/graph.h"

#include <map>
#include <set>
#include <vector>

namespace quantscope {

/// The subgraph that a Loop or a Scan runs again and again.
struct LoopBody {
    std::vector<ValueId> inputs, outputs; ///< in the order of the subgraph
    std::vector<ValueId> captured; ///< what it reads of the graph around it
    std::set<ValueId> within; ///< what is made in each round, anew
};

/// Of all nodes that loop.
std::map<NodeId, LoopBody> loopBodies(const Graph &graph);

/// Each value that a node reads, once; of a branch what either way gives, too.
std::vector<ValueId> readBy(const Node &node);

/// By value: the nodes that hand it on as what a subgraph of theirs makes.
std::vector<std::vector<NodeId>> holdersOfInner(const Graph &graph);

} // namespace quantscope
