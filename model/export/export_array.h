#pragma once

#include "export/layout.h"
#include "export/scale_table.h"
#include "network/network.h"
#include "quant/fixed_point.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

inline constexpr std::array kExportedSlots = {Slot::Weight, Slot::Bias};

/// One array of an export: a slot with everything that a writer needs.
struct ExportArray {
    const SlotQuantizer *slot = nullptr; ///< with a tensor and a quantizer that knows its codes
    std::string symbol; ///< "conv1_weight"
    Layout layout;
    std::string sourceAxes; ///< names of the tensor's own axes: "[o][i][h][w]"
    std::uint64_t count = 0;
    int width = 0; ///< bits of a code
    bool isSigned = true;
    std::optional<FixedType> fixed;
    std::optional<ScaleTable> table; ///< present when `fixed` is not; neither is where the scale is not known

    int containerBits() const; ///< 8, 16, 32 or 64
    std::string containerType() const; ///< "int8_t"
};

/// Why a slot cannot be an array, as the end of a sentence ("has no tensor"); empty when it can.
std::string exportObstacle(const SlotQuantizer &slot);

/// The order in which a layer's slot with a tensor is exported under one of layoutNames(): where the layout does not
/// fit the tensor or the layer it is `source`, and `fellBack` tells.
Layout exportLayout(
    const Layer &layer, const SlotQuantizer &slot, std::string_view layoutName, bool *fellBack = nullptr);

/// The array of a slot without exportObstacle() in a layer with this identifier; points to the slot. Throws ParseError
/// when its scales or zero points contradict the tensor.
ExportArray makeExportArray(const Layer &layer, const SlotQuantizer &slot, const std::string &identifier,
    std::string_view layoutName, bool *fellBack = nullptr);

} // namespace quantscope
