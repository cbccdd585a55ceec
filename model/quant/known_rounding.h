#pragma once

#include "quant/quantizer.h"

#include <optional>

namespace quantscope {

/// How a number becomes a code, where the file or its recipe tells; empty of a class that is not known and of codes
/// that the file holds, which something rounded before.
std::optional<Rounding> knownRounding(const Quantizer &quantizer);

} // namespace quantscope
