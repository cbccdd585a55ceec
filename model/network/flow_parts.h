#pragma once

#include "network/flow.h"

#include <map>

namespace quantscope {

/// What a Flow holds; its builder fills it, and nothing changes it afterwards. Edges are named by their position.
struct Flow::Parts {
    std::vector<FlowNode> nodes;
    std::vector<FlowEdge> edges;
    std::vector<std::vector<std::uint32_t>> into, from; ///< of each node, its edges
    std::vector<std::vector<FlowNodeId>> upstream; ///< of each node, sorted
    std::vector<std::vector<FlowNodeId>> downstream; ///< the same of layers, the other way round
    std::vector<std::uint32_t> place; ///< of each node in a topological order
    std::vector<std::uint32_t> component; ///< equal for nodes on one cycle
    std::map<LayerId, FlowNodeId> nodeOf;
    std::vector<LayerId> layerOrder;
};

} // namespace quantscope
