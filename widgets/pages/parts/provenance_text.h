#pragma once

#include "items/facts.h"

#include <QString>

namespace quantscope {

/// Where the fields of a quantizer come from, with its formula, as rich text in the colours of the theme.
QString provenanceText(const SlotQuantizer &slot);

} // namespace quantscope
