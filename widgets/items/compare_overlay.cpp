#include "items/compare_overlay.h"

#include "items/text.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static void describeError(OverlayBar &bar, bool isRest)
{
    const QString high = powerOfTwoText(std::ilogb(bar.high));
    const QString low = powerOfTwoText(std::ilogb(bar.high) - 1);
    bar.label = isRest ? u"less"_s : low;
    bar.interval = isRest ? u"0 < |e| < "_s + high : u"|e| in [%1, %2)"_s.arg(low, high);
}

static void describeValues(OverlayBar &bar)
{
    bar.label = withMinus(QString::number((bar.low + bar.high) / 2, 'g', 3));
    bar.interval = u"values in [%1, %2)"_s.arg(numberText(bar.low), numberText(bar.high));
}

Result<Overlay> overlay(
    const CandidateResult &first, const CandidateResult &second, OverlayKind kind, const Progress &progress)
{
    auto histogram = overlayHistogram(first.slot, second.slot, kind, progress);
    if (!histogram)
        return tl::unexpected(std::move(histogram.error()));
    Overlay out;
    out.kind = kind;
    out.firstName = qs(first.name);
    out.secondName = qs(second.name);
    out.clipped = histogram->clipped;
    out.firstExact = histogram->firstExact;
    out.secondExact = histogram->secondExact;
    for (const OverlayCounts &counts : histogram->bars) {
        OverlayBar &bar = out.bars.emplace_back(OverlayBar{counts, {}, {}});
        if (kind == OverlayKind::Error)
            describeError(bar, out.bars.size() == 1 && histogram->opensWithRest);
        else
            describeValues(bar);
    }
    return out;
}

} // namespace quantscope
