#pragma once

#include "run/torch/run_graph.h"

#include <string>
#include <vector>

namespace quantscope {

/// Where floats flow instead of the codes that the file's own quantizers make.
struct FloatFlow {
    std::vector<std::optional<std::size_t>> site; ///< by value: the place whose quantizer made them
    std::vector<bool> isRepeated; ///< by value: an operator computes, and puts it on the grid of what it reads

    bool hasFloats(ValueId value) const { return value < site.size() && site[value].has_value(); }
};

/// Behind the places where `isExchanged`, up to what takes floats as well as codes. Errors (Usage): something computes
/// with codes alone, by name.
Result<FloatFlow> floatFlow(const RunGraph &graph, const std::vector<bool> &isExchanged);

} // namespace quantscope
