#pragma once

#include "dialects/onnx/flow_rules.h"
#include "dialects/torchscript/script_plan.h"

namespace quantscope::script {

/// Of the operators of torch; constants and layers must outlive it.
class ScriptRules final : public interpret::FlowRules {
public:
    ScriptRules(interpret::Constants &constants, const std::vector<ScriptLayer> &layers);

    interpret::SlotNodes slotNodes(const std::vector<bool> &joined) override;
    FlowUse use(NodeId node, std::size_t input) override;
    bool isMainOutput(NodeId node, std::size_t output) const override;
    bool isList(NodeId node) const override;

private:
    bool readsCodes(const Node &node) const;
    bool isPlain(NodeId id) const;
    void take(const ScriptSlot &slot, Slot as, interpret::SlotNodes &out) const;
    bool isSameCall(const ScriptSlot &first, const ScriptSlot &later) const;

    interpret::Constants &m_constants;
    const Graph &m_graph;
    const std::vector<ScriptLayer> &m_layers;
    std::vector<bool> m_codes; ///< of each node: it makes a quantized tensor
};

} // namespace quantscope::script
