#pragma once

#include "network/flow.h"

namespace quantscope {

/// Collects the nodes and edges of a Flow. One use: build().
class FlowBuilder {
public:
    FlowBuilder();
    FlowNodeId add(FlowNode node);
    /// Both nodes have been added.
    void connect(FlowEdge edge);
    Flow build();

private:
    void connectNearest();

    std::shared_ptr<Flow::Parts> m_parts;
};

} // namespace quantscope
