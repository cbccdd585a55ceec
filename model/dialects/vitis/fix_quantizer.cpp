#include "dialects/vitis/fix_quantizer.h"

#include "base/error.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

/// 2^-fixPoint is a normal float32, and so is what is divided by it.
constexpr std::int64_t kLargestFixPoint = 120;
/// The codes of wider words are no float32 throughout.
constexpr std::int64_t kMostBits = 32;

} // namespace

Quantizer quantizerOf(const Fix &fix)
{
    if (fix.fixPoint < -kLargestFixPoint || fix.fixPoint > kLargestFixPoint)
        throw ParseError(
            fmt::format("its fix point {} is none from {} to {}", fix.fixPoint, -kLargestFixPoint, kLargestFixPoint));
    if (fix.bitWidth < 1 || fix.bitWidth > kMostBits)
        throw ParseError(fmt::format("its bit width {} is none from 1 to {}", fix.bitWidth, kMostBits));
    Quantizer out;
    out.bitWidth = static_cast<int>(fix.bitWidth);
    out.isSigned = fix.isSigned;
    out.narrow = false;
    out.rounding = fix.rounding;
    out.rule = CodeRule::DivideAddRound; // dividing by a power of two is exact, as multiplying is
    out.scale = Granular{{}, std::nullopt, {std::ldexp(1.0f, -static_cast<int>(fix.fixPoint))}};
    out.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    return out;
}

std::optional<Rounding> xirRounding(std::string_view word)
{
    if (word == "DPU_ROUND")
        return Rounding::DpuRound;
    if (word == "STD_ROUND")
        return Rounding::StdRound;
    if (word == "PY3_ROUND")
        return Rounding::Round;
    return std::nullopt;
}

} // namespace quantscope::vitis
