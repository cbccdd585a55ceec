#pragma once

#include "network/network.h"

#include <QString>

namespace quantscope {

/// "ap_fixed<6,0>" when the type is exact, else what comes closest in words.
QString typeText(const Quantizer &quantizer);
QString scaleFullText(const Granular &scale);
/// "±0.484375" or "0 … 3.984375", of the representable values; several scales give the widest.
QString rangeText(const Quantizer &quantizer, int digits = 9);
QString codeRangeText(const Quantizer &quantizer);
QString fractionText(const Quantizer &quantizer);
QString granularityText(const SlotQuantizer &slot);
QString lsbText(const Quantizer &quantizer);

} // namespace quantscope
