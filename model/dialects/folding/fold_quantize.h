#pragma once

#include "dialects/folding/fold.h"

namespace quantscope::folding {

struct Call;

// QuantizeLinear and DequantizeLinear with one scale, or one a slice along `axis`. Each throws ParseError for blocked
// scales and for operands that are missing or do not fit.

FoldedValue quantizeLinear(const Call &call);
FoldedValue dequantizeLinear(const Call &call);

} // namespace quantscope::folding
