#include "analysis/statistics.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

std::size_t barOf(int exponent) { return static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest); }

} // namespace

BitWeightHistogram &BitWeightHistogram::operator+=(const BitWeightHistogram &part)
{
    for (std::size_t bar = 0; bar < positive.size(); ++bar) {
        positive[bar] += part.positive[bar];
        negative[bar] += part.negative[bar];
    }
    zeros += part.zeros;
    nonFinite += part.nonFinite;
    return *this;
}

std::uint64_t BitWeightHistogram::count(int exponent) const
{
    if (exponent < kLowest || exponent > kHighest)
        return 0;
    return positive[barOf(exponent)] + negative[barOf(exponent)];
}

std::uint64_t BitWeightHistogram::total() const
{
    std::uint64_t sum = zeros;
    for (int k = kLowest; k <= kHighest; ++k)
        sum += count(k);
    return sum;
}

std::optional<int> BitWeightHistogram::highest() const
{
    for (int k = kHighest; k >= kLowest; --k)
        if (count(k) != 0)
            return k;
    return std::nullopt;
}

std::optional<int> BitWeightHistogram::lowest() const
{
    for (int k = kLowest; k <= kHighest; ++k)
        if (count(k) != 0)
            return k;
    return std::nullopt;
}

std::optional<double> QuantizationError::sqnrDb() const
{
    if (!(errorPower > 0) || !(signalPower > 0))
        return std::nullopt;
    return 10.0 * std::log10(signalPower / errorPower);
}

std::optional<double> QuantizationError::cosine() const
{
    if (!(signalPower > 0) || !(valuePower > 0))
        return std::nullopt;
    return std::clamp(product / (std::sqrt(signalPower) * std::sqrt(valuePower)), -1.0, 1.0);
}

QuantizationError &QuantizationError::operator+=(const QuantizationError &part)
{
    count += part.count;
    signalPower += part.signalPower;
    errorPower += part.errorPower;
    maxAbs = std::max(maxAbs, part.maxAbs);
    sum += part.sum;
    valuePower += part.valuePower;
    product += part.product;
    return *this;
}

} // namespace quantscope
