#pragma once

#include "formats/onnx/context.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope::onnx {

/// A NodeProto with its names still text.
struct RawNode {
    std::string name, opType, domain;
    std::vector<std::string> inputs, outputs;
    std::vector<Attribute> attributes;
    /// Attributes `g` and `graphs`: the path part ("then_branch", "graphs[1]") and the GraphProto.
    std::vector<std::pair<std::string, Message>> subgraphs;
    /// A Constant: the tensor that its output is.
    std::optional<std::size_t> constant;
};

/// A GraphProto, or the body of a FunctionProto.
struct RawGraph {
    std::string name;
    std::vector<RawNode> nodes;
    std::vector<std::size_t> initializers; ///< into ModelFile::tensors
    std::vector<std::string> initializerNames;
    std::vector<std::string> inputs, outputs;
    std::vector<std::pair<std::string, std::string>> finnDatatypes; ///< tensor name -> datatype
};

/// Tensors are appended to context.file.tensors. Throws ParseError for a broken wire form and beyond limits.graphNodes.
RawGraph readGraph(Context &context, const Message &message, const std::string &scope);

/// FunctionProto: its body as a graph with scope "function NAME". Returns the scope with it.
std::pair<std::string, RawGraph> readFunction(Context &context, const Message &message);

} // namespace quantscope::onnx
