#pragma once

#include "network/network.h"

#include <QString>

namespace quantscope {

/// How often each provenance word occurs among a layer's facts.
QString provenanceCounts(const Layer &layer);

} // namespace quantscope
