#pragma once

#include <cstdint>
#include <string_view>

namespace quantscope {

/// How a file says its quantizers.
enum class Dialect : std::uint8_t {
    BrevitasStateDict,
    PytorchStateDict,
    TorchAo, ///< a state_dict of torch.ao.quantization: quantized tensors, fake quantizers or observers
    TorchPacked, ///< a state_dict whose weights are words of several codes: GPTQ, AWQ, bitsandbytes
    Qonnx,
    Qcdq,
    Qdq,
    QOperator, ///< operators that take codes with their scales and zero points (ONNX Runtime, opset 10 on)
    Finn, ///< FINN's integers: types in annotations and attributes, thresholds; scales have moved into other operators
    VitisAi, ///< FixNeuron nodes
    Onnx, ///< a graph without quantizers of its own, or with those of a dialect that is listed only
    TorchScript,
    Xmodel, ///< a graph of Vitis AI's XIR, before or after the compiler
    VitisQuantInfo, ///< a checkpoint with the quant_info.json of vai_q_pytorch, or that JSON alone
};

/// What a dialect lets one do; the one row that everything outside dialects/ asks.
struct DialectTraits {
    Dialect dialect;
    std::string_view name; ///< for people
    bool takesRecipe; ///< the file leaves its quantizers open, and a recipe settles them
    bool saysItself; ///< every quantizer stands in the file: a recipe beside it belongs to another file
    bool keepsScales; ///< a quantizer has the scale that the trained network's has
    bool editable; ///< a choice made in the window changes the recipe in force
    bool dpu = false; ///< it is made for the DPU, whose shifts are shown
    bool quantOperators = false; ///< its quantizers are QONNX' own operators, which FINN and hls4ml read
    bool standardOperators = false; ///< it is ONNX without operators of other domains: every runtime knows them
    bool carriesScales = false; ///< Brevitas writes it, whose tensors carry their scale from layer to layer
};
const DialectTraits &traitsOf(Dialect dialect);

} // namespace quantscope
