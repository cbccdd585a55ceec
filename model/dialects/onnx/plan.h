#pragma once

#include "dialects/onnx/walk.h"
#include "network/network.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantscope::interpret {

/// How a slot's quantizer is written in the graph.
enum class Form {
    Plain, ///< a tensor without a quantizer
    Annotated, ///< a tensor whose scale and zero point a quantization_annotation names
    Quant, ///< QONNX Quant, IntQuant
    Bipolar, ///< QONNX BipolarQuant
    Trunc, ///< QONNX Trunc
    Dequantize, ///< constant -> [QuantizeLinear] -> [Clip] -> DequantizeLinear
    Picked, ///< codes of which a Gather picks some, and a DequantizeLinear reads those: `node`
    Quantize, ///< activation: QuantizeLinear -> [Clip] -> DequantizeLinear
    FixNeuron, ///< Vitis AI's
    FloatQuant, ///< QONNX FloatQuant
    Finn, ///< a type by its FINN name, in an annotation or an attribute
    Thresholds, ///< FINN MultiThreshold, and hardware layers with thresholds
    Fake, ///< elementwise operators that divide, round, clip and multiply
    Sign, ///< elementwise operators that make signs
    Unknown, ///< something that is not understood stands before the layer
    Scalars, ///< scale, zero point and bit width as three inputs of a QuantLSTMCell
    Codes, ///< an operand of an operator that takes codes, scales and zero points (QOperator)
    Blocks, ///< the packed weight of a MatMulNBits
    Dynamic, ///< DynamicQuantizeLinear: scale and zero point follow from what is quantized
    Foreign, ///< a dialect that is listed, not decoded
};

/// An operator with a constant operand that belongs to a quantizer's module.
struct ModuleStep {
    NodeId node = 0;
    ValueId constant = kNoValue;
};

struct PlannedSlot {
    Slot slot = Slot::Weight;
    Form form = Form::Plain;
    ValueId value
        = kNoValue; ///< the tensor; for Fake and Sign what their last node makes, for Unknown what the layer reads
    NodeId node = 0; ///< the quantizer's node
    std::size_t firstInput = 0; ///< Scalars: position of the scale; Codes: of the operand; an output has none
    bool constant = false; ///< it quantizes a tensor of the file
    int channelAxis = 0; ///< of the stored weight: 1 in transposed convolutions and [in][out] matrices
    bool channelsLast = false; ///< of a convolution's weight: out, kernel, in
    std::string datatype = {}, said = {}; ///< Finn: the type's name, and where it stands
    std::string contradicted = {}; ///< Finn: another type, and where that stands
    std::optional<ModuleStep> scale = {}, offset = {}; ///< Finn, Thresholds: by what the codes are multiplied, moved
    bool ofHardware = false; ///< Finn: `node` is a hardware layer that reads it
    std::string note = {}; ///< lines for the formula
    std::vector<LayoutStep> chain; ///< between the quantizer and the operator
};

struct PlannedLayer {
    std::string name, kind;
    int groups = 1;
    std::optional<int> stride = {}; ///< of a transposed convolution
    std::optional<int> accumulatorBits = {}; ///< in two's complement
    bool claimed = false; ///< a compute operator owns it
    std::vector<PlannedSlot> slots;
    std::vector<NodeId> nodes; ///< all its nodes, for the edges
    std::vector<NodeId> constants; ///< quantizers of constants that no other layer has

    bool hasSlot(Slot slot) const;
};

/// Which layers a graph has and where each quantizer is written, from names, types and edges alone.
struct Plan {
    std::vector<PlannedLayer> layers;
    std::vector<std::string> foreignOperators; ///< each once
    Dialect dialect = Dialect::Onnx;
};

} // namespace quantscope::interpret
