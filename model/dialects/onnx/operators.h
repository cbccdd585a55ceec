#pragma once

#include "graph/graph.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope::interpret {

/// An operator with trained operands: positions of its inputs.
struct ComputeOperator {
    std::string_view opType;
    std::string_view kind; ///< torch's name; convolutions get their dimension from the weight's rank
    std::size_t weight;
    std::optional<std::size_t> otherWeight; ///< where the weight may stand instead (MatMul), or a second one (LSTM)
    std::optional<std::size_t> bias;
    bool recurrent = false;
    bool byRank = false;
    bool rightOperand = false; ///< the weight is the right operand of a matrix product: [in][out]
    std::string_view domain = {};
    /// Its operand is a weight even where the network computes it; of others that is a product of two activations.
    bool alwaysWeight() const { return byRank || recurrent; }
};
const ComputeOperator *findCompute(const Node &node);
/// Of qonnx' domain that keeps data NHWC and the weights of convolutions OHWI.
bool isChannelsLast(const Node &node);

/// The attribute `group`, 1 without one.
int groupsOf(const Node &node);
/// The stride of a transposed convolution: one along each axis, without dilation; nothing for others.
std::optional<int> transposedStride(const Node &node);

/// "Conv2d" for a weight of four axes.
std::string kindOf(const ComputeOperator &op, std::size_t weightRank);

/// An operator that holds quantized weights in a form that is not decoded: the input that is its weight.
struct ForeignOperator {
    std::string_view opType;
    std::string_view kind;
    std::size_t weight;
    std::optional<std::size_t> bias;
    bool rightOperand = false; ///< the weight is the right operand of a matrix product: [in][out]
    std::optional<std::size_t> otherWeight = {}; ///< where the weight may stand instead
};
const ForeignOperator *findForeign(const Node &node);
/// A layer of FINN that multiplies by a weight, on hardware or on the way there. Weights of matrices are (MW, MH).
struct HardwareOperator {
    std::string_view opType;
    std::string_view kind;
    std::size_t weight = 1;
    std::optional<std::size_t> thresholds = {}; ///< where they stand, unless it has none (noActivation)
    bool rightOperand = false;
    std::string_view weightType = "weightDataType"; ///< attribute that names the weight's type
    std::optional<std::size_t> otherWeight = {};
    bool xnor = false; ///< 0 and 1 stand for -1 and +1
    /// It quantizes what it makes.
    bool hasThresholds(const Node &node) const;
};
const HardwareOperator *findHardware(const Node &node);
/// Counts the thresholds that its input reaches: FINN's quantizer of activations.
bool isThresholds(const Node &node);
/// "MW 6, MH 4, PE 2, SIMD 2, accDataType INT15": what a hardware layer is folded to; empty where it says nothing.
std::string hardwareText(const Node &node);

/// Reads constant tables that are no weights: sines and cosines of positions.
bool readsTables(const Node &node);
/// Quantizing operators of other dialects without a weight of their own.
bool isForeignQuantizer(const Node &node);
/// Such a node with the format that its attributes name: "MXFixNeuron (fp4_e2m1, blocks of 32)".
std::string foreignText(const Node &node);

/// The torch name of an activation function: "ReLU" for Relu; empty for other operators.
std::string_view activationKind(const Node &node);

} // namespace quantscope::interpret
