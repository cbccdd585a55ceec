#pragma once

#include "analysis/overlay.h"
#include "lab/compare.h"

#include <QString>

#include <vector>

namespace quantscope {

/// Two candidates over the same bars, as a person reads them.
struct OverlayBar : OverlayCounts {
    QString label; ///< under the bar
    QString interval; ///< for the tooltip: "|e| in [2⁻⁹, 2⁻⁸)"
};
struct Overlay {
    OverlayKind kind = OverlayKind::Error;
    QString firstName, secondName;
    std::vector<OverlayBar> bars;
    std::uint64_t clipped = 0; ///< of the second, all of them
    std::uint64_t firstExact = 0, secondExact = 0; ///< no error at all: no bar of the logarithmic axis
};

/// The histogram of both, with words. Both results must have figures. Errors: Parse, Cancelled.
Result<Overlay> overlay(
    const CandidateResult &first, const CandidateResult &second, OverlayKind kind, const Progress &progress = {});

} // namespace quantscope
