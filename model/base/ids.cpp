#include "base/ids.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr std::array<std::string_view, 18> kSlots = {
    "weight",
    "bias",
    "input",
    "output",
    "act",
    "trunc",
    "io",
    "cell_state",
    "gate_acc",
    "input_acc",
    "forget_acc",
    "cell_acc",
    "output_acc",
    "input_sigmoid",
    "forget_sigmoid",
    "output_sigmoid",
    "cell_tanh",
    "hidden_state_tanh",
};
static_assert(kSlots.size() == static_cast<std::size_t>(Slot::HiddenStateTanh) + 1);

} // namespace

std::string_view slotName(Slot slot) { return kSlots[static_cast<std::size_t>(slot)]; }

std::optional<Slot> slotFromName(std::string_view name)
{
    const auto found = std::ranges::find(kSlots, name);
    return found == kSlots.end() ? std::nullopt : std::optional(static_cast<Slot>(found - kSlots.begin()));
}

std::span<const std::string_view> slotNames() { return kSlots; }

} // namespace quantscope
