#include "lab/figures.h"

#include "base/text.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Number = std::optional<FigureNumber>;

Number measured(const std::optional<double> &value) { return value ? Number(*value) : std::nullopt; }

std::optional<int> widthOf(const CandidateResult &result)
{
    const auto &q = result.slot.quantizer;
    return q && q->isComplete() ? std::optional(q->bitWidth.value_or(q->wordBits())) : std::nullopt;
}

/// The codes of a minifloat are bit patterns: no limits, no integers.
bool hasIntegers(const CandidateResult &result)
{
    const auto &q = result.slot.quantizer;
    return q && q->isComplete() && q->kind != QuantizerKind::Minifloat;
}

constexpr std::array kFigures = {
    FigureRow{FigureId::Scale, "", "Scale", "scale", "value = (code − zero point) · scale", nullptr, "", ""},
    FigureRow{FigureId::Type, "", "Type", "ap_fixed<W,I>",
        "the fixed-point type that holds every value exactly: W bits, I of them left of the binary point, the sign "
        "included",
        nullptr, "", ""},
    FigureRow{FigureId::Bits, "", "Bits", "bits", "bits of one code",
        [](const CandidateFigures &f) { return f.width ? Number(static_cast<std::uint64_t>(*f.width)) : std::nullopt; },
        "", ""},
    FigureRow{FigureId::Sqnr, "sqnr_db", "SQNR dB", "SQNR, dB",
        "10 log₁₀(Σ w² / Σ e²), e = value in float32 − float weight, summed in float64",
        [](const CandidateFigures &f) { return f.known ? measured(f.error.sqnrDb()) : std::nullopt; }, "{:.2f}",
        "{:.1f}"},
    FigureRow{FigureId::Mse, "mse", "MSE", "MSE", "mean of e²",
        [](const CandidateFigures &f) { return f.known ? Number(f.error.mse()) : std::nullopt; }, "{:.3e}", "{:.2e}"},
    FigureRow{FigureId::MaxError, "max_abs_error", "Max error", "max |error|", "largest |e|",
        [](const CandidateFigures &f) { return f.known ? Number(f.error.maxAbs) : std::nullopt; }, "{:.4g}", "{:.4g}"},
    FigureRow{FigureId::MeanError, "mean_error", "Mean error", "mean error",
        "mean of e: not zero means a bias that adds up over a layer’s inputs",
        [](const CandidateFigures &f) { return f.known ? Number(f.error.mean()) : std::nullopt; }, "{:.2e}", "{:.2e}"},
    FigureRow{FigureId::Cosine, "cosine", "Cosine", "cosine",
        "cosine of the angle between the float weights and the values",
        [](const CandidateFigures &f) { return f.known ? measured(f.error.cosine()) : std::nullopt; }, "{:.6f}",
        "{:.5f}"},
    FigureRow{FigureId::AtLimit, "at_limit", "At limit %", "at limit",
        "codes that equal an end of the range (narrow: −2^(b−1)+1)",
        [](const CandidateFigures &f) { return f.known && f.hasIntegers ? Number(f.atLimit) : std::nullopt; }, "", ""},
    FigureRow{FigureId::Clipped, "clipped", "Clipped", "clipped",
        "weights whose rounded code lies outside the range before it is clamped",
        [](const CandidateFigures &f) {
            return f.known && f.hasIntegers && f.clipped ? Number(*f.clipped) : std::nullopt;
        },
        "", ""},
    FigureRow{FigureId::Zeroed, "zeroed", "To zero %", "rounded to 0",
        "weights that are not zero and get the zero point as their code",
        [](const CandidateFigures &f) { return f.known ? Number(f.zeroed) : std::nullopt; }, "", ""},
    FigureRow{FigureId::CodesUsed, "codes_used", "Codes", "codes used",
        "codes that occur at least once, of all in the range",
        [](const CandidateFigures &f) {
            return f.known && f.hasIntegers && f.codesUsedKnown ? Number(f.codesUsed) : std::nullopt;
        },
        "", ""},
    FigureRow{FigureId::Memory, "bits", "Memory bits", "memory, bits", "elements · bits",
        [](const CandidateFigures &f) { return f.hasMemory ? Number(f.memory) : std::nullopt; }, "", ""},
    FigureRow{
        FigureId::Exact, "", "Exact", "exact in ap_fixed", "one power-of-two scale and zero point 0", nullptr, "", ""},
    FigureRow{FigureId::OutputSqnr, "", "Output SQNR dB", "on data: output SQNR, dB",
        "10 log₁₀(Σ y² / Σ (y′ − y)²), y the network’s first output with the quantizers in force, y′ with "
        "this "
        "candidate, over all samples, summed in float64",
        [](const CandidateFigures &f) { return f.effect ? measured(f.effect->outputSqnrDb) : std::nullopt; }, "{:.2f}",
        "{:.2f}"},
    FigureRow{FigureId::PredictionsChanged, "", "Predictions changed", "on data: predictions changed",
        "samples whose largest output stands elsewhere than with the quantizers in force",
        [](const CandidateFigures &f) {
            return f.effect && f.effect->predictionsChanged ? Number(*f.effect->predictionsChanged) : std::nullopt;
        },
        "", ""},
    FigureRow{FigureId::Accuracy, "", "Accuracy %", "on data: accuracy, %",
        "share of the samples whose largest output stands at their label",
        [](const CandidateFigures &f) {
            return f.effect && f.effect->accuracy ? Number(100.0 * *f.effect->accuracy) : std::nullopt;
        },
        "{:.2f}", "{:.2f}"},
};

consteval bool inOrder()
{
    for (std::size_t i = 0; i < kFigures.size(); ++i)
        if (kFigures[i].id != static_cast<FigureId>(i))
            return false;
    return true;
}
static_assert(inOrder(), "figureOf looks a figure up by its number");

std::string textOf(const FigureNumber &number, std::string_view format)
{
    if (const auto *count = std::get_if<std::uint64_t>(&number))
        return grouped(*count);
    return fmt::format(fmt::runtime(format), std::get<double>(number));
}

} // namespace

void CandidateFigures::add(const CandidateResult &result)
{
    codesTotal += result.codesTotal();
    memory += result.bits();
    hasMemory = hasMemory && result.slot.tensor;
    fixedExact = fixedExact && result.fixedExact();
    hasIntegers = hasIntegers && quantscope::hasIntegers(result);
    if (!result.figures) {
        known = false;
        return;
    }
    const SlotStatistics &figures = *result.figures;
    hasErrors = hasErrors && figures.hasFloats;
    error += figures.error;
    count += figures.count;
    atLimit += figures.atLimit;
    zeroed += figures.zeroed;
    codesUsed += figures.codes.used;
    codesUsedKnown = codesUsedKnown && figures.codes.usedKnown;
    clipped = clipped && figures.clipped ? std::optional(*clipped + *figures.clipped) : std::nullopt;
}

CandidateFigures figuresOf(std::span<const CandidateResult *const> results)
{
    CandidateFigures figures;
    figures.width = widthOf(*results.front());
    for (const CandidateResult *result : results) {
        figures.add(*result);
        if (widthOf(*result) != figures.width)
            figures.width.reset();
    }
    return figures;
}

CandidateFigures figuresOf(const CandidateResult &result)
{
    const CandidateResult *one[] = {&result};
    return figuresOf(one);
}

const FigureRow &figureOf(FigureId id) { return kFigures[static_cast<std::size_t>(id)]; }

std::string terminalText(const FigureRow &figure, const FigureNumber &number)
{
    return textOf(number, figure.terminalFormat);
}

std::string windowText(const FigureRow &figure, const FigureNumber &number)
{
    const bool scientific = figure.windowFormat.ends_with("e}") || figure.windowFormat.ends_with("g}");
    return scientific && asDouble(number) == 0 ? "0" : textOf(number, figure.windowFormat);
}

double asDouble(const FigureNumber &number)
{
    return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

} // namespace quantscope
