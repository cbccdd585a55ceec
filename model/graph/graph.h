#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

using NodeId = std::uint32_t;
using ValueId = std::uint32_t;
inline constexpr ValueId kNoValue = 0xFFFFFFFFu;

/// One attribute of a node. `kind` follows onnx.proto's AttributeType for the kinds that occur.
struct Attribute {
    enum class Kind { Int, Float, String, Tensor, Graph, Ints, Floats, Strings, Other };
    std::string name;
    Kind kind = Kind::Other;
    std::int64_t i = 0;
    float f = 0;
    double real = 0; ///< of TorchScript, whose numbers are float64: what `f` was rounded from
    std::string s;
    std::vector<std::int64_t> ints;
    std::vector<float> floats;
    std::vector<double> reals; ///< of TorchScript: what `floats` were rounded from
    std::vector<std::string> strings;
    std::optional<std::size_t> tensor; ///< index into ModelFile::tensors
};

struct Node {
    std::string name; ///< as in the file; may be empty or occur twice
    std::string opType;
    std::string domain;
    std::string scope; ///< path of the subgraph that holds it, such as "sel/then_branch"; empty at the top
    std::vector<ValueId> inputs; ///< kNoValue where an optional input is absent
    std::vector<ValueId> outputs;
    std::vector<Attribute> attributes;
    std::vector<ValueId> innerOutputs; ///< what its subgraphs hand over to it, one after the other

    const Attribute *attribute(std::string_view wanted) const;
    /// An attribute of kind Int; `missing` where there is none of that name and kind.
    std::int64_t integer(std::string_view wanted, std::int64_t missing) const;
    ValueId input(std::size_t position) const { return position < inputs.size() ? inputs[position] : kNoValue; }
};

/// A named edge. Names are resolved through the scopes once, by the reader: equal names in two branches are two values.
struct Value {
    std::string name;
    std::optional<NodeId> producer;
    std::optional<std::size_t> tensor; ///< initializer or Constant: index into ModelFile::tensors
    bool graphInput = false;
    std::vector<NodeId> consumers;
    std::string finnDatatype; ///< quantization_annotation `finn_datatype`, empty when there is none
    ValueId scale = kNoValue, zeroPoint = kNoValue; ///< quantization_annotation SCALE_TENSOR, ZERO_POINT_TENSOR
    ValueId handedIn = kNoValue; ///< of a subgraph's input: what the operator that holds it passes there
    std::optional<std::size_t> rank; ///< number of axes, where the file tells the shape
};

/// The dataflow graph with all subgraphs and called functions flattened into one list of nodes. Constant nodes are
/// values with a tensor.
struct Graph {
    std::string name;
    std::map<std::string, std::int64_t> opsets; ///< domain ("" for ai.onnx) -> version
    std::vector<Node> nodes;
    std::vector<Value> values;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;

    const Value *value(ValueId id) const { return id < values.size() ? &values[id] : nullptr; }
    /// The node that makes a value, or nullptr.
    const Node *producerOf(ValueId id) const;
};

} // namespace quantscope
