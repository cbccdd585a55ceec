#pragma once

#include "quant/quantizer.h"

#include <cstddef>
#include <optional>
#include <string>

namespace quantscope {

/// Scales or zero points that are not all the same number.
bool hasSeveral(const std::optional<Granular> &numbers);
/// " of channel 3" where there are several numbers.
std::string channelText(const Granular &numbers, std::size_t index);
/// The first scale that is no power of two, as "0.013 of channel 3"; nothing where all are, or none is known.
std::optional<std::string> scaleOffPowersOfTwo(const Quantizer &quantizer);
/// The first zero point that is not zero, as "3 of channel 1"; nothing where all are, or none is known.
std::optional<std::string> zeroPointText(const Quantizer &quantizer);
/// Bits of its codes: 1 for binary ones; nothing where only a container is known.
std::optional<int> codeBits(const Quantizer &quantizer);
/// Codes are integers on a grid of equal steps: no minifloat, no table.
bool hasIntegerGrid(const Quantizer &quantizer);
/// The largest magnitude that it can hold; nothing where that is not known.
std::optional<double> reachOf(const Quantizer &quantizer);

} // namespace quantscope
