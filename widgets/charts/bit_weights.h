#pragma once

#include "analysis/statistics.h"
#include "quant/fixed_point.h"

#include <QString>

#include <optional>
#include <vector>

namespace quantscope {

/// What a quantizer does to the values of one bar.
enum class BitVerdict { InRange, RoundsToLsb, Overflow, Underflow, Unknown };

/// The part of the number line that a quantizer represents, in powers of two.
struct BitWindow {
    double top = 0; ///< log2 of the first magnitude that saturates
    double bottom = 0; ///< log2 of the LSB (the smallest of several)
    std::optional<FixedType> word; ///< exact fixed-point type: then the blocks of the word are shown
    bool narrow = false; ///< the most negative code is never used

    /// `k` is the bar [2^k, 2^(k+1)). |w| of half an LSB rounds to 0, so everything up to 2^(bottom-1) underflows.
    BitVerdict verdict(int k) const;
};
BitWindow bitWindow(const FixedType &type);
std::optional<BitWindow> bitWindow(const Quantizer &quantizer);

/// One bar of the chart; the outermost ones may stand for a whole tail.
struct BitBar {
    int exponent = 0;
    std::uint64_t positive = 0, negative = 0;
    BitVerdict verdict = BitVerdict::Unknown;
    bool tail = false; ///< with everything smaller
    std::uint64_t count() const { return positive + negative; }
};

/// Bars from the largest exponent down: what the values and the window need, at most 72; a tail is summed, never cut
/// off. `also` is a second window that stays in view.
std::vector<BitBar> bitBars(const BitWeightHistogram &histogram, const std::optional<BitWindow> &window,
    const std::optional<BitWindow> &also = {});

/// Another tensor over the same bars.
struct BitOverlay {
    QString name;
    BitWeightHistogram histogram;
};
/// The share of an overlay's elements in each bar, 0..1; what is smaller than the last bar's counts in it.
std::vector<double> overlayShares(const BitOverlay &overlay, const std::vector<BitBar> &bars);
/// Bars of nothing above the first, up to the largest bit of any overlay.
void makeRoomFor(
    const std::vector<BitOverlay> &overlays, const std::optional<BitWindow> &window, std::vector<BitBar> &bars);

/// "[2⁻⁴, 2⁻³) = [0.0625, 0.125): 1,488 of 4,608 (32.3 %), 745 positive, 743 negative; in range".
/// `subject` is what is counted.
QString describeBar(const BitBar &bar, std::uint64_t total, const QString &subject = QStringLiteral("|w|"));
/// Finds what a bar counts (analysis/find_query.h); `subject` is what the histogram counts: |w|, |value|.
QString barQuery(const BitBar &bar, const QString &subject);
QString verdictText(BitVerdict verdict);

} // namespace quantscope
