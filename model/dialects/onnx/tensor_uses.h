#pragma once

#include "graph/model_file.h"

#include <string>
#include <vector>

namespace quantscope::interpret {

/// What the tensors of a graph that belong to no layer are there for, by position in ModelFile::tensors, in words that
/// can be counted: "operand of Add", "thresholds of MultiThreshold". Empty for a tensor that may well be a weight: one
/// that nothing reads, or that an operator reads which does more than combine elements.
std::vector<std::string> tensorUses(const ModelFile &file);

} // namespace quantscope::interpret
