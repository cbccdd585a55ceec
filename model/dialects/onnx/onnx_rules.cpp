#include "dialects/onnx/onnx_rules.h"

#include "dialects/onnx/value_uses.h"

namespace quantscope::interpret {

SlotNodes OnnxRules::slotNodes(const std::vector<bool> &joined) { return slotNodesOf(m_constants, m_plan, joined); }

FlowUse OnnxRules::use(NodeId node, std::size_t input)
{
    return useOf(m_constants, m_constants.graph().nodes[node], input);
}

bool OnnxRules::isMainOutput(NodeId node, std::size_t output) const
{
    return interpret::isMainOutput(m_constants.graph().nodes[node], output);
}

} // namespace quantscope::interpret
