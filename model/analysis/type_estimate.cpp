#include "analysis/type_estimate.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

/// Mean of (x - m)^2 for x evenly spread over [a, b].
double meanSquare(double a, double b, double m)
{
    return b > a ? (std::pow(b - m, 3) - std::pow(a - m, 3)) / (3 * (b - a)) : (a - m) * (a - m);
}

/// Mean squared error of a weight in the bar [2^k, 2^(k+1)) that reaches no further than `reach`.
double barError(int k, double reach, double largest, const TypeLimits &limits)
{
    const double a = std::ldexp(1.0, k);
    const double b = std::clamp(reach, a, 2 * a);
    if (k >= limits.top || largest <= 0)
        return meanSquare(a, b, std::max(largest, 0.0));
    if (k <= -limits.fraction - 2)
        return meanSquare(a, b, 0);
    return limits.lsb * limits.lsb / 12; // evenly spread over a step, also between half an LSB and one
}

} // namespace

TypeLimits typeLimits(const FixedType &type)
{
    const int top = type.integerBits - (type.isSigned ? 1 : 0);
    const double lsb = std::ldexp(1.0, -type.fractionBits());
    return {lsb, std::ldexp(1.0, top) - lsb, type.isSigned ? std::ldexp(1.0, top) : 0.0, top, type.fractionBits()};
}

TypeEstimate estimateType(const BitWeightHistogram &histogram, double low, double high, const FixedType &type)
{
    const TypeLimits limits = typeLimits(type);
    double signal = 0, error = 0, clipped = 0, zeroed = 0;
    for (int k = BitWeightHistogram::kLowest; k <= BitWeightHistogram::kHighest; ++k) {
        const auto bar = static_cast<std::size_t>(k - BitWeightHistogram::kLowest);
        const auto up = static_cast<double>(histogram.positive[bar]),
                   down = static_cast<double>(histogram.negative[bar]);
        if (up + down == 0)
            continue;
        const double a = std::ldexp(1.0, k);
        signal
            += up * meanSquare(a, std::clamp(high, a, 2 * a), 0) + down * meanSquare(a, std::clamp(-low, a, 2 * a), 0);
        error += up * barError(k, high, limits.positive, limits) + down * barError(k, -low, limits.negative, limits);
        if (k >= limits.top)
            clipped += up + down;
        else if (!type.isSigned)
            clipped += k >= -limits.fraction - 1 ? down : 0; // what would round to 0 anyway is not clipped
        if (k <= -limits.fraction - 2 || (!type.isSigned && k < limits.top))
            zeroed += k <= -limits.fraction - 2 ? up + down : down;
    }
    const double total = static_cast<double>(std::max<std::uint64_t>(1, histogram.total()));
    TypeEstimate out{.sqnrDb = {}, .clipped = clipped / total, .zeroed = zeroed / total};
    if (signal > 0 && error > 0)
        out.sqnrDb = 10 * std::log10(signal / error);
    return out;
}

} // namespace quantscope
