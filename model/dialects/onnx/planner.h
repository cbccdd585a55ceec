#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Which layers a graph has and where each quantizer is written, from names, types and edges alone.
Plan makePlan(Constants &constants);

} // namespace quantscope::interpret
