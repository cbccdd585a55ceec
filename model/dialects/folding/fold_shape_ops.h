#pragma once

#include "dialects/folding/fold.h"

namespace quantscope::folding {

struct Call;

// ONNX operators that move elements and compute none. Each throws ParseError for operands that are missing, do not fit,
// or grow too big.

FoldedValue reshape(const Call &call);
FoldedValue flatten(const Call &call);
FoldedValue squeeze(const Call &call);
FoldedValue unsqueeze(const Call &call);
FoldedValue transpose(const Call &call);
FoldedValue concat(const Call &call);
FoldedValue gather(const Call &call);
FoldedValue expand(const Call &call);
FoldedValue slice(const Call &call);
FoldedValue split(const Call &call);
FoldedValue sizeOf(const Call &call);
FoldedValue shapeOf(const Call &call);
FoldedValue constantOfShape(const Call &call);

} // namespace quantscope::folding
