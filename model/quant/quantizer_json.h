#pragma once

#include "quant/quantizer.h"

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// Scale (`withAxis`) or zero point as schema 1 of `inspect --json` and of the export's manifest write it:
/// {"shape", "axis", "values"}, floats as C99 hexadecimal texts.
nlohmann::ordered_json granularJson(const Granular &granular, bool withAxis);

/// `frac_bits`: a number when every scale is the same exact power of two, a list when they are different ones, else
/// null.
nlohmann::ordered_json fracBitsJson(const Quantizer &quantizer);

/// `int_bits`, the bit width less the fractional bits, in the same three forms; null when the bit width is not known.
nlohmann::ordered_json intBitsJson(const Quantizer &quantizer);

} // namespace quantscope
