#pragma once

#include "quant/quantizer.h"

#include <string>
#include <vector>

namespace quantscope {

/// What two quantizers may differ in whose values meet in one operator.
enum class GridField { Kind, Scale, ZeroPoint, Bits, Sign };
/// "scale", "zero point", "bits", "sign", "kind".
std::string_view gridFieldName(GridField field);

/// In the order of GridField. A field that either does not know is no difference; scales for each channel are compared
/// as they stand, and one for all equals many that are equal.
std::vector<GridField> gridDifferences(const Quantizer &a, const Quantizer &b);

/// "u8" or "i8", "u8?" where only the container tells; "binary", "ternary", "codebook" by their names, minifloats as
/// "float8 e4m3"; "8 bits" without a known sign; empty when nothing is known.
std::string gridTypeText(const Quantizer &quantizer);
/// "2^-6", the shortest decimal of a float, "16 scales from 0.01 to 0.5"; empty when it is not known.
std::string gridScaleText(const Quantizer &quantizer);
/// "0", "128", "16 values from 0 to 3"; empty when it is not known.
std::string gridZeroText(const Quantizer &quantizer);
/// All of it: "u8, scale 2^-6, zero point 0"; empty when nothing is known.
std::string gridWords(const Quantizer &quantizer);
/// Zero is a value of the quantizer, in every channel.
bool holdsZero(const Quantizer &quantizer);

} // namespace quantscope
