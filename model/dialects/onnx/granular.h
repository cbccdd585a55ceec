#pragma once

#include "quant/quantizer.h"

namespace quantscope::interpret {

/// [] for one value, and also when all are zero and `zeroIsOne` (zero points).
Granular simplified(Granular granular, bool zeroIsOne);

} // namespace quantscope::interpret
