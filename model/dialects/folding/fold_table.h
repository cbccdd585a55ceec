#pragma once

#include "dialects/folding/fold_call.h"

namespace quantscope::folding {

using Function = FoldedValue (*)(const Call &);

/// How an operator is computed: the white-list of ONNX operators; nullptr for every other one.
Function findFunction(const Node &node);

} // namespace quantscope::folding
