#pragma once

#include "dialects/torchscript/script_plan.h"
#include "network/network.h"

namespace quantscope::script {

/// Turns what the code says about one slot into a SlotQuantizer.
class ScriptDecoder {
public:
    ScriptDecoder(interpret::Constants &constants, std::vector<Diagnostic> &diagnostics)
        : m_constants(constants)
        , m_diagnostics(diagnostics)
    {
    }

    /// Slot, tensor and shape; no element is read.
    SlotQuantizer list(const ScriptSlot &slot);
    /// With its quantizer. What is wrong becomes a diagnostic, and the quantizer stays unknown.
    SlotQuantizer decode(const ScriptSlot &slot, const Layer &layer);
    /// Adds the values between which another call of that slot's quantizer stands, if it is the same quantizer.
    void addCall(const ScriptSlot &called, const Layer &layer, SlotQuantizer &out);

private:
    void fill(const ScriptSlot &slot, const Layer &layer, SlotQuantizer &out);
    void fillPattern(const ScriptSlot &slot, const Layer &layer, SlotQuantizer &out);
    std::optional<Quantizer> quantizerOf(const ScriptSlot &other, const Layer &layer, const Quantizer &shown) const;
    void fillOutput(const ScriptSlot &slot, SlotQuantizer &out);
    void setOutputType(const ScriptSlot &slot, Quantizer &q, SlotQuantizer &out) const;
    struct CodeSpan {
        std::int64_t low, high;
        std::string why;
    };
    std::optional<CodeSpan> spanOf(const ScriptPattern &pattern, DType container);
    void requireOn(const ScriptPattern &pattern);
    DType containerOf(const ScriptPattern &pattern) const;
    void setRange(const ScriptSlot &slot, const Layer &layer, Quantizer &q, SlotQuantizer &out);
    void requireWholeZeroPoints(const ScriptArgument &zeroPoint, const QuantizeOperator &op);
    void setParameters(const ScriptSlot &slot, Quantizer &q, const Shape *shape);
    Granular granular(const ScriptArgument &argument, const Shape *shape, std::optional<std::int64_t> axis);
    std::string place(const ScriptArgument &argument) const;
    std::vector<std::size_t> sourcesOf(const ScriptSlot &slot) const;
    std::optional<GraphSpan> spanInGraph(const ScriptSlot &slot) const;
    const Node &node(NodeId id) const { return m_constants.graph().nodes[id]; }

    interpret::Constants &m_constants;
    std::vector<Diagnostic> &m_diagnostics;
};

} // namespace quantscope::script
