#pragma once

#include "formats/onnx/attribute_proto.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope::onnx {

/// A NodeProto with its names still text.
struct RawNode {
    std::string name, opType, domain, overload;
    std::vector<std::string> inputs, outputs;
    std::vector<Attribute> attributes;
    /// Attributes `g` and `graphs`: the path part ("then_branch", "graphs[1]") and the GraphProto.
    std::vector<std::pair<std::string, Message>> subgraphs;
    /// In a function: positions in `attributes`, and which attribute of the call each is.
    std::vector<std::pair<std::size_t, std::string>> references;
    /// A Constant: the tensor that its output is.
    std::optional<std::size_t> constant;
};

/// A TensorAnnotation: FINN's key, and the two that onnx.proto defines, which name tensors.
struct RawAnnotation {
    std::string tensor, finnDatatype, scale, zeroPoint;
};

/// A GraphProto, or the body of a FunctionProto.
struct RawGraph {
    std::string name;
    std::vector<RawNode> nodes;
    std::vector<std::size_t> initializers; ///< into ModelFile::tensors
    std::vector<std::string> initializerNames;
    std::vector<std::string> inputs, outputs;
    std::vector<RawAnnotation> annotations;
    std::vector<std::pair<std::string, std::size_t>> ranks; ///< of values whose shape is told
};

/// A FunctionProto; its name is the body's.
struct RawFunction {
    std::string domain, overload;
    RawGraph body;
    std::vector<Attribute> defaults; ///< of attributes that a call leaves out
};

/// Tensors are appended to context.file.tensors. Throws ParseError for a broken wire form and beyond limits.graphNodes.
RawGraph readGraph(Context &context, const Message &message, const std::string &scope);

/// The tensors of the body belong to its scope.
RawFunction readFunction(Context &context, const Message &message);
/// "function NAME"
std::string functionScope(const RawFunction &function);

} // namespace quantscope::onnx
