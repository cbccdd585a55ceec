#pragma once

#include "graph/graph.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope::script {

/// An operator of torch with trained operands: where they stand among its arguments.
struct ScriptOperator {
    std::string_view domain, opType;
    std::string_view kind; ///< torch's name of the module; convolutions get their dimension from the weight's rank
    std::string_view word; ///< what a layer without a name of its own is called
    std::size_t weight; ///< or the packed parameters
    std::optional<std::size_t> bias = {};
    bool packed = false; ///< weight and bias stand in packed parameters
    std::optional<std::size_t> scale = {}; ///< of its output, the zero point behind it
    std::optional<std::size_t> groups = {};
    bool transposed = false;
    bool rightOperand = false; ///< the weight is the right operand of a matrix product: [in][out]
    bool recurrent = false; ///< its weights stand in a list
    bool cell = false; ///< of a recurrent layer: the weight of its input, then that of its state

    bool isConvolution() const { return kind.starts_with("Conv"); }
};
const ScriptOperator *findOperator(const Node &node);

/// Where the scale of its output stands: before PyTorch 1.6 convolutions had stride, padding, dilation and groups
/// before it.
std::size_t scaleOf(const ScriptOperator &op, const Node &node);

/// Packed parameters of a convolution along one axis hold its weight with an axis of one element before that.
bool hasExtraAxis(const ScriptOperator &op, std::size_t weightRank);

/// "ConvTranspose1d" of an operator whose weight has three axes.
std::string kindOf(const ScriptOperator &op, const Node &node, std::size_t weightRank);

/// The stride of a transposed convolution: one along each axis, without dilation; nothing for others, and where it
/// stands in packed parameters.
std::optional<int> transposedStride(const ScriptOperator &op, const Node &node);

/// The axis of the outputs in a weight of that kind and rank: `right` where it is the right operand of its product,
/// `transposed` where the code turns it before.
int outputAxisOf(const ScriptOperator &op, std::string_view kind, std::size_t rank, bool right, bool transposed);

/// The torch module of an activation function: "ReLU" of relu; empty for other operators.
std::string_view activationKindOf(const Node &node);

/// A quantized operator that multiplies no matrix and has an output scale, such as quantized::add: where that stands,
/// and float parameters, where it has any.
struct ScaledOperator {
    std::string_view opType;
    std::size_t scale;
    std::string_view kind = "Quantize";
    std::optional<std::size_t> weight = {}, bias = {};
};
const ScaledOperator *findScaled(const Node &node);

} // namespace quantscope::script
