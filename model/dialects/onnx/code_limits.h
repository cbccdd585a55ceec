#pragma once

#include "quant/quantizer.h"

#include <string>

namespace quantscope::interpret {

/// Bits, sign and narrow range of codes from `low` to `high`, with `why` as their origin. False when these limits are
/// not exactly those of a width: codes have to be clamped before.
bool setCodeLimits(Quantizer &q, std::int64_t low, std::int64_t high, bool isSigned, const std::string &why);

} // namespace quantscope::interpret
