#pragma once

#include "dialects/onnx/plan.h"
#include "dialects/torchscript/script_pattern.h"

#include <string>
#include <vector>

namespace quantscope::script {

/// A slot and where the code says what it is quantized with.
struct ScriptSlot {
    enum class Form {
        Plain, ///< a tensor, which may hold codes and their scale itself
        Pattern, ///< operators quantize it
        Output, ///< an operator quantizes its output: `scale` and the argument behind it
        Unknown, ///< operators that are not understood stand between the tensor and its layer
    };
    Slot slot = Slot::Weight;
    Form form = Form::Plain;
    bool constant = false; ///< it is about a tensor of the file
    ValueId value = kNoValue; ///< what the layer reads
    int channelAxis = 0;
    ScriptPattern pattern;
    ScriptArgument scale;
    bool extraAxis = false; ///< the tensor has an axis of one element before its last that the operator has not
    std::vector<ScriptSlot> others = {}; ///< what else the layer reads as that parameter
};

struct ScriptLayer {
    std::string name, kind;
    int groups = 1;
    std::optional<int> stride = {}; ///< of a transposed convolution
    ValueId weight = kNoValue; ///< what its operator reads as its weight; kNoValue without one
    ValueId settings = kNoValue; ///< of a convolution whose packed parameters hold its groups in a tensor
    std::vector<ScriptSlot> slots;
    std::vector<ScriptSlot> later = {}; ///< quantizers of activations that are called again
    std::vector<NodeId> nodes; ///< operators that are it
    std::optional<NodeId> constant = {}; ///< of a quantized constant that meets what flows: what makes its values
};

/// Which layers the code has, in its order. Names are the paths of their modules; layers without one are called by what
/// they do and their place in that order: conv_0, linear_1, act_2. No element of a tensor is read.
std::vector<ScriptLayer> planScript(const interpret::Constants &constants);

} // namespace quantscope::script
