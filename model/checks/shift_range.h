#pragma once

#include "base/diagnostic.h"
#include "network/network.h"

#include <vector>

namespace quantscope {

/// "shift-range" (warnings): layers whose shift_cut or shift_bias is none that the DPU has, and those whose file says
/// another shift than its positions give.
std::vector<Diagnostic> checkShiftRange(const Network &network);

} // namespace quantscope
