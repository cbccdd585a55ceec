#pragma once

#include "formats/onnx/context.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope::onnx {

/// An AttributeProto as found: its tensors and graphs are still bytes.
struct RawAttribute {
    Attribute attribute;
    Message tensor, graph, sparse;
    std::vector<Message> graphs, tensors;
    std::string reference; ///< ref_attr_name: the value is that attribute of the function's call
    bool cut = false; ///< a list was too long to be kept whole
};

/// `type` decides where the field it names is there, or none is: writers of proto3 leave zeros out. Else what is there
/// decides, as old writers leave `type` out.
RawAttribute readAttribute(Context &context, Range range);

/// Constant's other spellings: value_float, value_floats, value_int, value_ints, value_string, value_strings (operator
/// set 12). Lists have one axis.
std::optional<TensorInfo> constantOf(const Attribute &attribute, const std::string &name);

} // namespace quantscope::onnx
