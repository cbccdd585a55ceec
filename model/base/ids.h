#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/core.h>

namespace quantscope {

/// A layer of one network: its position in Network::layers. Names are for the border: recipe, JSON, window.
enum class LayerId : std::uint32_t {};
constexpr std::size_t position(LayerId id) { return static_cast<std::size_t>(id); }
constexpr LayerId layerId(std::size_t position) { return static_cast<LayerId>(position); }

/// What a quantizer of a layer works on. Activations have many names: those of recurrent layers are Brevitas'.
enum class Slot : std::uint8_t {
    Weight,
    Bias,
    Input,
    Output,
    Act,
    Trunc,
    Io,
    CellState,
    GateAcc,
    InputAcc,
    ForgetAcc,
    CellAcc,
    OutputAcc,
    InputSigmoid,
    ForgetSigmoid,
    OutputSigmoid,
    CellTanh,
    HiddenStateTanh,
};
/// "weight", "cell_state", ...: as recipes, JSON and the window name it.
std::string_view slotName(Slot slot);
std::optional<Slot> slotFromName(std::string_view name);
/// In JSON too a slot is its name.
template <class Json> void to_json(Json &json, Slot slot) { json = slotName(slot); }
/// In the order of the enumeration.
std::span<const std::string_view> slotNames();

/// One slot of one layer of one network.
struct SlotId {
    LayerId layer{};
    Slot slot = Slot::Weight;
    bool operator==(const SlotId &) const = default;
    bool operator<(const SlotId &other) const { return layer != other.layer ? layer < other.layer : slot < other.slot; }
};

} // namespace quantscope

/// Slots print as their names.
template <> struct fmt::formatter<quantscope::Slot> : fmt::formatter<std::string_view> {
    auto format(quantscope::Slot slot, format_context &context) const
    {
        return fmt::formatter<std::string_view>::format(quantscope::slotName(slot), context);
    }
};
