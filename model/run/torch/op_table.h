#pragma once

#include "graph/model_file.h"
#include "quant/quantizer.h"

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/ivalue.h>

namespace quantscope {

/// Thrown by operators that cannot do what their node asks for: a sentence without the node's name.
class RunError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What stands instead of one of the quantizers that a node has within itself.
struct WithinChoice {
    bool isExchanged = false;
    const Quantizer *quantizer = nullptr; ///< null: what flows in goes on as it is
};

/// One node at work.
struct OpCall {
    const Node &node;
    const ModelFile &file; ///< attributes that are tensors: tensorOf(file.tensors[*attribute.tensor])
    std::int64_t opset = 0; ///< of the node's domain; 0 where the file does not say
    std::span<const c10::IValue> inputs; ///< one for each of Node::inputs; None where an optional one is absent
    std::uint64_t floats = 0; ///< a bit an input: another quantizer made its floats, where the file has codes
    bool wantsUnrounded = false; ///< what it rounds is asked for, behind its own outputs
    std::span<const WithinChoice> within = {}; ///< for each of the quantizers within it; empty for the file's own

    /// None also for positions that the node does not have.
    c10::IValue input(std::size_t position) const
    {
        return position < inputs.size() ? inputs[position] : c10::IValue();
    }
    bool hasFloats(std::size_t position) const { return position < 64 && (floats >> position & 1u) != 0; }
    /// Throws RunError where there is none: "its input 1 is missing".
    at::Tensor tensor(std::size_t position) const;
};

/// Its outputs in the order of Node::outputs; fewer where the last ones are not asked for. Throws RunError, and what
/// libtorch throws.
using OpFunction = std::vector<c10::IValue> (*)(const OpCall &);

/// Of operators that are known by their name alone.
inline constexpr std::string_view kAnyDomain = "*";

/// What an operator has to do with codes of the data, which other quantizers replace by floats.
enum class CodesRole {
    None, ///< it cannot take floats in their place
    Takes, ///< it computes with floats as well
    Rounds, ///< and gives what it rounds behind its own output, when it is asked for
    Makes, ///< it makes codes of its first input
    Keeps, ///< it moves or picks elements
    Repeats, ///< it makes codes of the grid of its first input
    Within, ///< its quantizers are all within it
};

struct OpRow {
    std::string_view domain; ///< "" is ai.onnx; of QONNX and FINN the one that runDomain() gives
    std::string_view opType;
    OpFunction function = nullptr;
    CodesRole codes = CodesRole::None;
    std::uint64_t floats = 0; ///< a bit an input that may hold floats in the place of codes
};

/// The domains that one operator is written under are one: "onnx.brevitas", "finn.custom_op.general" and
/// "qonnx.custom_op.general" are the last, "ai.onnx" is "".
std::string_view runDomain(std::string_view domain);

/// nullptr: it is not known here.
const OpRow *operatorRow(std::string_view domain, std::string_view opType);
OpFunction operatorFunction(std::string_view domain, std::string_view opType);

} // namespace quantscope
