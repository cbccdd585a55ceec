#pragma once

#include "dialects/onnx/walk.h"

#include <optional>
#include <string_view>
#include <vector>

namespace quantscope::script {

/// An argument of an operator.
struct ScriptArgument {
    NodeId node = 0;
    std::size_t position = 0;
};

/// How the code writes one quantizer.
struct ScriptPattern {
    ValueId input = kNoValue; ///< what is quantized; of stored codes the codes
    bool stored = false; ///< the file holds the codes
    std::optional<NodeId> quantize; ///< quantize_per_*, or fake_quantize_per_*
    std::optional<NodeId> clamp; ///< of the codes
    std::optional<ScriptArgument> scale,
        zeroPoint; ///< of what makes values of codes; none of an operator that reads codes
    std::optional<NodeId> choice; ///< prim::If that may leave it out
    bool chosen = true; ///< the condition under which it is there
    std::vector<NodeId> nodes; ///< in the direction of the data
};

/// The quantizer whose last operator makes that value, from operators and edges alone: integers - zero point times
/// scale with the integers stored or made by quantize_per_*, dequantize of that, fake_quantize_per_*, or quantize_per_*
/// alone.
std::optional<ScriptPattern> patternOf(const interpret::Constants &constants, ValueId value);

/// An operator that quantizes a tensor: where its parameters stand among its arguments.
struct QuantizeOperator {
    std::string_view opType;
    bool fake; ///< it makes values, not codes
    std::size_t scale, zeroPoint;
    std::optional<std::size_t> limits = {}; ///< of fake ones: the least code, the largest behind it
    std::optional<std::size_t> axis = {};
    std::optional<std::size_t> perChannel = {}; ///< whether the axis counts; without one it does
    std::optional<std::size_t> enabled = {}; ///< whether it quantizes at all
};
const QuantizeOperator *findQuantize(const Node &node);
/// The axis that such an operator quantizes along, if any.
std::optional<std::int64_t> axisOf(const Node &quantize);
/// The type of the codes that quantize_per_* is told to make.
DType typeArgument(const Node &quantize);

/// Quantized operators write the type that they read: that of the quantize_per_tensor above; Unknown where none is.
DType codesAbove(const Graph &graph, NodeId id);

/// The nearest operator above a value that makes many values one.
std::optional<NodeId> rounderAbove(const Graph &graph, ValueId value);

/// Past operators that hand a tensor on as it is.
ValueId handedOn(const Graph &graph, ValueId value);

/// What recurrent layers begin with, and the bias of a convolution whose own is added behind its batch norm.
bool isZeros(const Graph &graph, ValueId value);

/// The quantized tensor of the file that a value is the dequantized one of; else the value.
ValueId quantizedBehind(const ModelFile &file, ValueId value);

} // namespace quantscope::script
