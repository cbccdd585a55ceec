#pragma once

#include "dialects/onnx/flow_rules.h"

namespace quantscope::interpret {

/// Of the operators of ONNX; constants and plan must outlive it.
class OnnxRules final : public FlowRules {
public:
    OnnxRules(Constants &constants, const Plan &plan)
        : m_constants(constants)
        , m_plan(plan)
    {
    }

    SlotNodes slotNodes(const std::vector<bool> &joined) override;
    FlowUse use(NodeId node, std::size_t input) override;
    bool isMainOutput(NodeId node, std::size_t output) const override;
    bool isList(NodeId) const override { return false; }

private:
    Constants &m_constants;
    const Plan &m_plan;
};

} // namespace quantscope::interpret
