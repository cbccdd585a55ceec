#pragma once

#include "run/torch/op_table.h"

#include <optional>
#include <string_view>

namespace quantscope {

/// Of QuantLSTMCell: its outputs, and the quantizers within it, each with two more outputs: what flows in and what it
/// makes, of all steps along the axis of its steps.
inline constexpr std::size_t kCellOutputs = 3, kCellQuantizers = 11;
/// The slot's name of one of them.
std::string_view cellQuantizerSlot(std::size_t position);
/// Its position by the slot's name.
std::optional<std::size_t> cellQuantizer(std::string_view slot);

/// Brevitas' QuantLSTMCell.
std::span<const OpRow> quantCellOperators();

} // namespace quantscope
