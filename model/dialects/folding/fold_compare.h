#pragma once

#include "dialects/folding/fold.h"

namespace quantscope::folding {

struct Call;

// ONNX operators that compare or choose. Each throws ParseError for operands that are missing, do not fit, or grow too
// big. Comparisons give booleans; Where has the type of its second operand.

FoldedValue signOf(const Call &call); ///< -1, 0 or 1; of zeros and NaN themselves
FoldedValue greater(const Call &call);
FoldedValue greaterOrEqual(const Call &call);
FoldedValue less(const Call &call);
FoldedValue lessOrEqual(const Call &call);
FoldedValue equal(const Call &call);
FoldedValue logicalAnd(const Call &call);
FoldedValue logicalOr(const Call &call);
FoldedValue logicalXor(const Call &call);
FoldedValue logicalNot(const Call &call);
FoldedValue where(const Call &call);
FoldedValue relu(const Call &call);
/// The order of their operands changes nothing, other than in a sum.
FoldedValue reduceMaximum(const Call &call);
FoldedValue reduceMinimum(const Call &call);
FoldedValue reduceSum(const Call &call); ///< the same; of integers exact, wrapped to their type
FoldedValue reduceMean(const Call &call); ///< correct to the last bit or the one beside it

} // namespace quantscope::folding
