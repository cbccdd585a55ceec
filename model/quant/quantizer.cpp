#include "quant/quantizer.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace quantscope {

namespace {

struct RoundingRow {
    Rounding rounding;
    std::string_view name;
};

// The first name of a mode is the one we write; the others are accepted (QONNX and Brevitas spell some differently).
constexpr std::array kRoundings = {
    RoundingRow{Rounding::Round, "ROUND"}, RoundingRow{Rounding::Round, "HALF_EVEN"},
    RoundingRow{Rounding::Round, "STOCHASTIC_ROUND"}, // deterministic in eval
    RoundingRow{Rounding::Ceil, "CEIL"}, RoundingRow{Rounding::Floor, "FLOOR"},
    RoundingRow{Rounding::RoundToZero, "ROUND_TO_ZERO"}, RoundingRow{Rounding::RoundToZero, "DOWN"},
    RoundingRow{Rounding::Up, "UP"}, RoundingRow{Rounding::HalfUp, "HALF_UP"},
    RoundingRow{Rounding::HalfDown, "HALF_DOWN"}, RoundingRow{Rounding::Dpu, "DPU"},
    RoundingRow{Rounding::Dpu, "DPU_ROUND"}, RoundingRow{Rounding::LearnedRound, "LEARNED_ROUND"},
    RoundingRow{Rounding::StdRound, "STD_ROUND"},
    RoundingRow{Rounding::DpuRound, "DPU_ROUND"}, // read as a word of QONNX it is Brevitas' mode, above
};

} // namespace

std::string_view originName(Origin origin)
{
    switch (origin) {
    case Origin::Read: return "read";
    case Origin::Computed: return "computed";
    case Origin::Preset: return "preset";
    case Origin::Recipe: return "recipe";
    case Origin::Assumed: return "assumed";
    }
    return "";
}

std::string Provenance::text() const
{
    return detail.empty() ? std::string(originName(origin)) : std::string(originName(origin)) + ": " + detail;
}

std::string_view quantizerKindName(QuantizerKind kind)
{
    switch (kind) {
    case QuantizerKind::Affine: return "affine";
    case QuantizerKind::Binary: return "binary";
    case QuantizerKind::Ternary: return "ternary";
    case QuantizerKind::Minifloat: return "minifloat";
    case QuantizerKind::Codebook: return "codebook";
    }
    return "";
}

std::string_view roundingName(Rounding rounding)
{
    return std::find_if(kRoundings.begin(), kRoundings.end(), [&](const RoundingRow &r) {
        return r.rounding == rounding;
    })->name;
}

std::optional<Rounding> roundingFromName(std::string_view name)
{
    std::string upper(name);
    std::transform(
        upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto found
        = std::find_if(kRoundings.begin(), kRoundings.end(), [&](const RoundingRow &r) { return r.name == upper; });
    return found == kRoundings.end() ? std::nullopt : std::optional(found->rounding);
}

int Quantizer::wordBits() const
{
    if (kind == QuantizerKind::Binary)
        return 2;
    return bitWidth ? *bitWidth : storageBits.value_or(0);
}

CodeRange codeRange(int bits, bool isSigned, bool narrow)
{
    if (bits >= 63) // int64 containers; the schema's codes are int64
        return {isSigned ? INT64_MIN + (narrow ? 1 : 0) : 0, INT64_MAX};
    bits = std::max(bits, 0);
    const std::int64_t span = std::int64_t{1} << bits;
    if (isSigned)
        return {-(span / 2) + (narrow ? 1 : 0), span / 2 - 1};
    return {0, span - (narrow ? 2 : 1)};
}

CodeRange codeRange(const Quantizer &quantizer)
{
    if (quantizer.kind == QuantizerKind::Binary)
        return {-1, 1};
    if (quantizer.kind == QuantizerKind::Minifloat) // bit patterns
        return codeRange(quantizer.wordBits(), false, false);
    if (quantizer.kind == QuantizerKind::Ternary)
        return {-1, 1};
    return codeRange(quantizer.wordBits(), quantizer.isSigned.value_or(true), quantizer.narrow.value_or(false));
}

} // namespace quantscope
