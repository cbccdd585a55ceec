#pragma once

#include "base/progress.h"
#include "lab/compare.h"

#include <QString>

#include <vector>

namespace quantscope {

enum class OverlayKind { Error, Values };

/// Two candidates over the same bars.
struct OverlayBar {
    QString label; ///< under the bar
    QString interval; ///< for the tooltip: "|e| in [2⁻⁹, 2⁻⁸)"
    std::uint64_t first = 0, second = 0;
    std::uint64_t clipped = 0; ///< of `second`: weights beyond the range
};
struct Overlay {
    OverlayKind kind = OverlayKind::Error;
    QString firstName, secondName;
    std::vector<OverlayBar> bars; ///< at most kMostBars
    std::uint64_t clipped = 0; ///< of the second, all of them
    std::uint64_t firstExact = 0, secondExact = 0; ///< no error at all: no bar of the logarithmic axis
    static constexpr std::size_t kMostBars = 65;
};

/// Error: how many |e| lie in each power of two. Values: how many weights become each value, in bins that are multiples
/// of the coarser scale. Both results must have figures. Errors: Parse, Cancelled.
Result<Overlay> overlay(
    const CandidateResult &first, const CandidateResult &second, OverlayKind kind, const Progress &progress = {});

} // namespace quantscope
