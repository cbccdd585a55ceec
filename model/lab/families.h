#pragma once

#include "quant/quantizer.h"

#include <span>
#include <string_view>

namespace quantscope {

/// A quantizer whose width a sweep varies: one line of its chart.
struct SweepFamily {
    std::string_view name; ///< a preset's or a lab name, as a candidate is written
    std::string_view title; ///< for people
    bool byDefault = false; ///< swept unless others are chosen
};

/// What a sweep of weights offers, those swept by default first.
std::span<const SweepFamily> weightFamilies();
/// The family nearest to a weight's quantizer in force: its preset where that is a row, else one of its kind of scale.
std::string_view ownFamily(const SlotQuantizer &slot);
/// "per channel, float"; the name itself for what is no row of the table.
std::string_view weightFamilyTitle(std::string_view name);

} // namespace quantscope
