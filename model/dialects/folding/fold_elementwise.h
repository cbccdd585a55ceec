#pragma once

#include "dialects/folding/fold.h"

namespace quantscope::folding {

struct Call;

// ONNX operators that work element by element, with numpy's broadcasting where they have two operands; the result has
// the type of the first. Each throws ParseError for operands that are missing, do not fit, or grow too big.

FoldedValue negate(const Call &call);
FoldedValue absolute(const Call &call);
FoldedValue exponential(const Call &call);
FoldedValue logarithm(const Call &call);
FoldedValue squareRoot(const Call &call);
FoldedValue reciprocal(const Call &call);
FoldedValue roundHalfEven(const Call &call);
FoldedValue roundDown(const Call &call);
FoldedValue roundUp(const Call &call);
FoldedValue identity(const Call &call);
FoldedValue castTo(const Call &call);
FoldedValue castLike(const Call &call);
FoldedValue add(const Call &call);
FoldedValue subtract(const Call &call);
FoldedValue multiply(const Call &call);
FoldedValue divide(const Call &call);
FoldedValue power(const Call &call);
FoldedValue clip(const Call &call);
FoldedValue minimum(const Call &call);
FoldedValue maximum(const Call &call);

} // namespace quantscope::folding
