#include "run/run_result.h"

#include <algorithm>

namespace quantscope {

const LayerFlow *RunResult::at(LayerId layer, std::optional<Slot> slot) const
{
    const auto found
        = std::ranges::find_if(layers, [&](const LayerFlow &flow) { return flow.id == layer && flow.slot == slot; });
    return found == layers.end() ? nullptr : &*found;
}

} // namespace quantscope
