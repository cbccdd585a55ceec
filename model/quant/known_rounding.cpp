#include "quant/known_rounding.h"

namespace quantscope {

std::optional<Rounding> knownRounding(const Quantizer &quantizer)
{
    const bool told = !quantizer.opaque && quantizer.origin.contains("rounding");
    return told ? std::optional(quantizer.rounding) : std::nullopt;
}

} // namespace quantscope
