#pragma once

#include "graph/model_file.h"

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

/// One node at work.
struct OpCall {
    const Node &node;
    const ModelFile &file; ///< attributes that are tensors: tensorOf(file.tensors[*attribute.tensor])
    std::int64_t opset = 0; ///< of the node's domain; 0 where the file does not say
    std::span<const c10::IValue> inputs; ///< one for each of Node::inputs; None where an optional one is absent

    /// None also for positions that the node does not have.
    c10::IValue input(std::size_t position) const
    {
        return position < inputs.size() ? inputs[position] : c10::IValue();
    }
    /// Throws RunError where there is none: "its input 1 is missing".
    at::Tensor tensor(std::size_t position) const;
};

/// Its outputs in the order of Node::outputs; fewer where the last ones are not asked for. Throws RunError, and what
/// libtorch throws.
using OpFunction = std::vector<c10::IValue> (*)(const OpCall &);

/// Of operators that are known by their name alone.
inline constexpr std::string_view kAnyDomain = "*";

struct OpRow {
    std::string_view domain; ///< "" is ai.onnx; of QONNX and FINN the one that runDomain() gives
    std::string_view opType;
    OpFunction function = nullptr;
};

/// The domains that one operator is written under are one: "onnx.brevitas", "finn.custom_op.general" and
/// "qonnx.custom_op.general" are the last, "ai.onnx" is "".
std::string_view runDomain(std::string_view domain);

/// nullptr: it is not known here.
OpFunction operatorFunction(std::string_view domain, std::string_view opType);

} // namespace quantscope
