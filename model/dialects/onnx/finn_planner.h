#pragma once

#include "dialects/onnx/operands.h"
#include "dialects/onnx/operators.h"

namespace quantscope::interpret {

/// Layers of FINN's hardware, and what annotations say of tensors that the network computes.
class FinnPlanner : OperatorPlanner {
public:
    using OperatorPlanner::OperatorPlanner;

    void addHardware(NodeId id, const HardwareOperator &op);
    /// The type of what a layer reads there, where no quantizer above it says more.
    void addTypedInput(std::size_t layer, ValueId read);
    /// Mul or Add with a constant that alone reads what a node makes, where Brevitas exported both for one module: the
    /// scale of its codes, and what moves them. FINN's own graphs do not tell whose scale a Mul is.
    std::optional<ModuleStep> moduleStep(NodeId id, std::string_view opType) const;
    /// What the annotation of a layer's result says, for the formula of its weight; empty without one.
    std::string sumText(const Node &node) const;

private:
    void takeType(const Node &node, const HardwareOperator &op, PlannedSlot &slot) const;
    void addTypes(std::size_t layer, NodeId id, const HardwareOperator &op);
    std::optional<ValueId> typedAbove(ValueId read) const;
    std::optional<ValueId> onlyComputed(const Node &node) const;
};

/// The annotation names a type that quantizes: neither FLOAT32 nor FLOAT16.
bool saysFinnType(const Value &value);

} // namespace quantscope::interpret
