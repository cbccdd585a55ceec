#pragma once

#include "network/arrivals.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A shift of the DPU with the range that its hardware has.
struct DpuShift {
    int value = 0;
    std::optional<int> lowest; ///< nothing: that of shift_bias follows from a shift_cut that is not known
    int highest = 0;
    bool fits() const { return value <= highest && (!lowest || value >= *lowest); }
    bool operator==(const DpuShift &) const = default;
};

/// How the DPU brings the sums of one layer onto the grid of its output. Positions are fractional bits.
struct DpuShifts {
    LayerId layer{};
    std::optional<int> weight, input, output, bias; ///< positions; nothing where one is not known or not one
    std::optional<DpuShift> cut; ///< weight + input - output: bits that the sum loses; 0 to 16
    std::optional<DpuShift> biasShift; ///< weight + input - bias: by how much a bias is moved onto the sum's grid
    std::string formula; ///< "shift_cut = 8 + 6 - 5 = 9", and a line for the bias
};

/// "0 to 16", "up to 15".
std::string rangeText(const DpuShift &shift);

/// Of each layer with a quantized weight, in the order of the list; empty for networks that are not the DPU's
/// (DialectTraits::dpu). The ranges are those of Vitis AI 3.5 and Quark: shift_cut 0 to 16, shift_bias
/// min(0, -(24 - (8 + shift_cut))) to 15.
std::vector<DpuShifts> dpuShifts(const Arrivals &arrivals);
/// The same of any network, such as an export in ONNX.
std::vector<DpuShifts> dpuPositions(const Arrivals &arrivals);

} // namespace quantscope
