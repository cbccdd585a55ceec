#pragma once

#include "graph/graph.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace quantscope::interpret {

/// Positions of an operand's inputs. An operator's output has no codes among its inputs, and what the operator does not
/// write about an operand has no position.
struct CodePositions {
    std::optional<std::size_t> codes, scale, zeroPoint;
};

/// An operator that computes with codes and takes their scales and zero points as inputs.
struct QOperator {
    enum class Role {
        Weight, ///< its second operand is a weight
        Product, ///< the second, else the first; where the network makes both it is a product of activations
        Elementwise, ///< both are activations, as a rule; a stored one is shown as weight
        Activation, ///< it has no weight
    };
    std::string_view opType;
    std::string_view kind; ///< torch's name; convolutions get their dimension from the weight's rank
    Role role = Role::Activation;
    CodePositions first, second, output;
    std::optional<std::size_t> bias = {};
    bool codedBias = false; ///< int32, whose scale is that of input times weight; else a float tensor
    bool rightOperand = false; ///< the second operand is the right one of a matrix product: [in][out]
    bool scaledBehind = false; ///< its result is integers, which later operators multiply by the scales
};

/// By type, in ONNX' own domain and those of ONNX Runtime.
const QOperator *findQOperator(const Node &node);

/// com.microsoft MatMulNBits: a right operand in blocks of packed codes.
bool isMatMulNBits(const Node &node);
/// com.microsoft GatherBlockQuantized: a table in blocks of codes, of which slices are picked and dequantized.
bool isGatherBlocks(const Node &node);
/// Scale and zero point follow from each input while the network runs.
bool isDynamicQuantize(const Node &node);

/// One operand of a node.
struct CodedOperand {
    ValueId codes = kNoValue, scale = kNoValue, zeroPoint = kNoValue;
};
CodedOperand operandOf(const Node &node, const CodePositions &positions);

/// The operand whose codes are the input at that position; nothing for biases and parameters.
const CodePositions *operandAt(const QOperator &op, std::size_t input);

/// Whose weight is the first operand: the second one is made by the network.
const CodePositions &otherThan(const QOperator &op, const CodePositions &operand);

} // namespace quantscope::interpret
