#pragma once

#include "graph/model_file.h"

#include <set>
#include <string>
#include <vector>

namespace quantscope::interpret {

/// What the tensors of a graph that belong to no layer are there for, by position in ModelFile::tensors, in words that
/// can be counted: "operand of Add", "thresholds of MultiThreshold". Empty for a tensor that may well be a weight: one
/// that nothing reads, or that an operator reads which does more than combine elements.
std::vector<std::string> tensorUses(const ModelFile &file);

/// Names of the tensors whose bytes hold several codes each, as ONNX Runtime's operators pack them.
std::set<std::string> packedTensors(const ModelFile &file);

} // namespace quantscope::interpret
