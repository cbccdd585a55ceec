#pragma once

#include "quant/quantizer.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace quantscope::vitis {

/// How the DPU's tools say a quantizer: value = code * 2^-fixPoint.
struct Fix {
    std::int64_t fixPoint = 0;
    std::int64_t bitWidth = 0;
    bool isSigned = true;
    Rounding rounding = Rounding::DpuRound;
};

/// The quantizer with its scale, zero point 0 and full range; origins are the caller's. Throws ParseError, a sentence
/// without the slot's name, for positions and widths that no DPU has and no float32 holds.
Quantizer quantizerOf(const Fix &fix);

/// STD_ROUND, DPU_ROUND or PY3_ROUND (xir/op/built_in_ops.cpp); nullopt for other words.
std::optional<Rounding> xirRounding(std::string_view word);

} // namespace quantscope::vitis
