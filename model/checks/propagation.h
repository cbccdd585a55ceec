#pragma once

#include "checks/rule.h"

namespace quantscope {

/// "propagation-lost": layers and joins whose input lost its quantization on the way, with the operator that lost it
/// and what to write instead. Errors where a bias or a join needs the scale that was lost.
std::span<const Rule> propagationRules();

/// Why a rule that needs a graph is not checked.
std::string withoutGraph(const Network &network);

} // namespace quantscope
