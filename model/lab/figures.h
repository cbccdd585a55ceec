#pragma once

#include "lab/comparison.h"
#include "lab/output_effect.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace quantscope {

/// The rows of the lab's table, in its order.
enum class FigureId : std::uint8_t {
    Scale,
    Type,
    Bits,
    Sqnr,
    Mse,
    MaxError,
    MeanError,
    Cosine,
    AtLimit,
    Clipped,
    Zeroed,
    CodesUsed,
    Memory,
    Exact,
    OutputSqnr, ///< from here on of the whole network, on data
    PredictionsChanged,
    Accuracy,
};
inline constexpr FigureId kFirstOnData = FigureId::OutputSqnr;

/// One candidate over one slot or several, whose counts and squared errors are added up.
struct CandidateFigures {
    bool known = true; ///< every slot has figures
    bool hasErrors = true; ///< every slot has floats to compare with
    bool hasIntegers = true; ///< every slot's codes are integers, not bit patterns
    bool codesUsedKnown = true;
    bool fixedExact = true; ///< every slot has one power-of-two scale and zero point 0
    std::optional<int> width; ///< bits of a code; nullopt when the slots differ
    QuantizationError error;
    std::uint64_t count = 0; ///< elements
    std::uint64_t atLimit = 0, zeroed = 0, codesUsed = 0, codesTotal = 0;
    std::uint64_t memory = 0; ///< bits
    std::optional<std::uint64_t> clipped = 0; ///< nullopt when a slot's are unknown
    bool hasMemory = true; ///< every slot is a tensor
    std::optional<DataEffect> effect = {}; ///< of all slots together, once they ran

    void add(const CandidateResult &result);
};
/// `results` are one candidate's, one per slot; not empty.
CandidateFigures figuresOf(std::span<const CandidateResult *const> results);
CandidateFigures figuresOf(const CandidateResult &result);

/// Counts are whole; what is measured is float64.
using FigureNumber = std::variant<std::uint64_t, double>;

/// One figure of a candidate: the same number in text, CSV, JSON and the window.
struct FigureRow {
    FigureId id;
    std::string_view key; ///< in JSON and CSV; empty for what is no single number there
    std::string_view heading; ///< in the terminal, with its unit
    std::string_view title; ///< in the window, with its unit
    std::string_view rule; ///< how it is computed
    std::optional<FigureNumber> (*value)(const CandidateFigures &figures); ///< null for what is no number
    std::string_view terminalFormat, windowFormat; ///< of {fmt}, for what is measured
};

const FigureRow &figureOf(FigureId id);

/// The number in a figure's format; counts with separators, 0 as "0" in the window.
std::string terminalText(const FigureRow &figure, const FigureNumber &number);
std::string windowText(const FigureRow &figure, const FigureNumber &number);
double asDouble(const FigureNumber &number);

} // namespace quantscope
