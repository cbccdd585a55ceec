#include "dialects/brevitas/shared_statistics.h"

#include <fmt/format.h>

namespace quantscope {

std::vector<StatisticInput> sharedInputs(const SlotWork &work, bool channels)
{
    // A decoupled quantizer shares its stored threshold and computes its pre-scale from its own tensor.
    const bool statistics = work.spec->source == ScaleSource::Stats;
    const SlotIndex owner = (statistics ? work.thresholdOwner() : work.owner()).value_or(work.index);
    std::vector<StatisticInput> inputs;
    const auto add = [&](SlotIndex member) {
        const SlotQuantizer &slot = member == work.index ? work.slot : work.facts.slotOf(member);
        if (slot.tensor)
            inputs.push_back({slot.tensor.get(), slot.channelAxis});
    };
    add(owner);
    for (const SlotIndex sharer : work.facts.slots[owner].sharers)
        add(sharer);
    std::optional<std::int64_t> count;
    for (const StatisticInput &input : inputs) {
        const auto axis = static_cast<std::size_t>(input.channelAxis);
        if (!channels || input.channelAxis < 0 || axis >= input.tensor->shape.size())
            continue;
        const std::int64_t here = input.tensor->shape[axis];
        if (count && *count != here)
            throw SlotFailure{"shared-channel-count",
                fmt::format("tensors of {} and {} output channels cannot share scales per channel", *count, here)};
        count = here;
    }
    return inputs;
}

} // namespace quantscope
