#pragma once

#include "dialects/brevitas/facts.h"

namespace quantscope {

/// Says of a recovered network which weights are computed from others or lack what makes them, and where a recipe
/// speaks of a quantizer that the file itself holds.
void noteParameters(Network &network, const BrevitasFacts &facts);

} // namespace quantscope
