#pragma once

#include "dialects/folding/fold_call.h"

namespace quantscope::folding {

using Function = FoldedValue (*)(const Call &);

/// How an operator is computed: the white-list of ONNX operators; nullptr for every other one.
Function findFunction(const Node &node);
/// The same of operators that add up, in an order that the definition leaves open.
Function findSum(const Node &node);
/// Those that move elements and compute none may handle types whose arithmetic is not computed.
bool movesElements(const Node &node);
/// More than the first output is computed.
bool hasManyOutputs(const Node &node);

} // namespace quantscope::folding
