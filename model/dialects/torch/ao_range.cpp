#include "dialects/torch/ao_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace quantscope {

namespace {

struct Limits {
    int min = 0, max = 0;
    double steps() const { return static_cast<double>(max - min); }
};

Limits limitsOf(const AoRange &range)
{
    const int half = 1 << (range.bits - 1);
    if (range.isSigned)
        return {range.narrow ? 1 - half : -half, half - 1};
    return {0, 2 * half - (range.narrow ? 2 : 1)};
}

double clamped(double zeroPoint, Limits limits)
{
    return std::clamp(zeroPoint, static_cast<double>(limits.min), static_cast<double>(limits.max));
}

/// UniformQuantizationObserverBase._calculate_qparams with a symmetric scheme. The zero point of quint8 is 128, and
/// where somebody gave limits their middle, rounded down.
AoParameters symmetric(float low, float high, Limits limits, float epsilon, bool givenLimits)
{
    const float bound = std::max(-std::min(low, 0.0f), std::max(high, 0.0f));
    const float scale = bound / static_cast<float>(limits.steps() / 2);
    const double middle = givenLimits ? std::floor((limits.min + limits.max) / 2.0) : 128;
    return {std::max(scale, epsilon), limits.min < 0 ? 0.0 : middle};
}

/// The same with an affine one.
AoParameters affine(float low, float high, Limits limits, float epsilon)
{
    const float negative = std::min(low, 0.0f), positive = std::max(high, 0.0f);
    const float scale = std::max((positive - negative) / static_cast<float>(limits.steps()), epsilon);
    return {scale, clamped(limits.min - std::nearbyint(static_cast<double>(negative / scale)), limits)};
}

/// A scale below this one is raised to it, and the bounds with it (SMALL_SCALE_THRESHOLD); one that has no reciprocal
/// is 0.1 before.
constexpr float kLeastFused = 6.1e-5f;

/// Bounds of one sign end where the least scale does.
void raiseTo(float scale, float raised, Limits limits, float &low, float &high)
{
    if (low == 0.0f) {
        high = raised * static_cast<float>(limits.steps());
    } else if (high == 0.0f) {
        low = -raised * static_cast<float>(limits.steps());
    } else {
        const float factor = raised / scale;
        low *= factor;
        high *= factor;
    }
}

/// ChooseQuantizationParams of torch's kernels.
AoParameters fused(float low, float high, Limits limits, bool isSymmetric)
{
    const bool balanced = isSymmetric && low < 0 && high > 0;
    if (balanced) {
        const int most = (limits.max - limits.min) / 2, least = -(most + 1);
        const double unit = std::max(std::fabs(static_cast<double>(low / static_cast<float>(least))),
            std::fabs(static_cast<double>(high / static_cast<float>(most))));
        low = static_cast<float>(unit * least);
        high = static_cast<float>(unit * most);
    }
    low = std::min(low, 0.0f);
    high = std::max(high, 0.0f);
    double scale = (static_cast<double>(high) - static_cast<double>(low)) / limits.steps();
    if (const auto single = static_cast<float>(scale); single == 0.0f || std::isinf(1.0f / single))
        scale = 0.1;
    if (scale < static_cast<double>(kLeastFused)) {
        raiseTo(static_cast<float>(scale), kLeastFused, limits, low, high);
        scale = static_cast<double>(kLeastFused);
    }
    const double bottom = static_cast<double>(low), top = static_cast<double>(high);
    const double fromLow = limits.min - bottom / scale, fromHigh = limits.max - top / scale;
    const double lowError = std::fabs(limits.min) - std::fabs(bottom / scale),
                 highError = std::fabs(limits.max) - std::fabs(top / scale);
    const double zero = balanced ? (limits.min + limits.max) / 2.0 : lowError < highError ? fromLow : fromHigh;
    return {static_cast<float>(scale), clamped(std::nearbyint(zero), limits)};
}

/// One way of all channels, or it is not the way.
template <class Make> bool makesAll(const AoBounds &bounds, Make make)
{
    bool any = false;
    for (std::size_t i = 0; i < bounds.scale.size(); ++i) {
        if (bounds.scale[i] <= bounds.epsilon)
            continue; // any range would do
        const AoParameters made = make(bounds.minimum[i], bounds.maximum[i]);
        if (made.scale != bounds.scale[i] || made.zeroPoint != static_cast<double>(bounds.zeroPoint[i]))
            return false;
        any = true;
    }
    return any;
}

bool fits(const AoBounds &bounds, const AoRange &range)
{
    const Limits limits = limitsOf(range);
    return makesAll(bounds, [&](float low, float high) { return symmetric(low, high, limits, bounds.epsilon, true); })
        || makesAll(bounds, [&](float low, float high) { return symmetric(low, high, limits, bounds.epsilon, false); })
        || makesAll(bounds, [&](float low, float high) { return affine(low, high, limits, bounds.epsilon); })
        || makesAll(bounds, [&](float low, float high) { return fused(low, high, limits, true); })
        || makesAll(bounds, [&](float low, float high) { return fused(low, high, limits, false); });
}

} // namespace

AoParameters fusedParameters(float low, float high, const AoRange &range, bool isSymmetric)
{
    return fused(low, high, limitsOf(range), isSymmetric);
}

std::optional<AoRange> rangeOf(const AoBounds &bounds)
{
    const std::size_t count = bounds.scale.size();
    if (count == 0 || bounds.minimum.size() != count || bounds.maximum.size() != count
        || bounds.zeroPoint.size() != count)
        return std::nullopt;
    std::vector<AoRange> fitting;
    for (const int bits : {8, 7, 6, 5, 4, 3, 2, 1, 16})
        for (const bool isSigned : {true, false})
            for (const bool narrow : {false, true})
                if (const AoRange range{bits, isSigned, narrow}; (bits > 1 || !narrow) && fits(bounds, range))
                    fitting.push_back(range);
    const auto usual = [&](const AoRange &range) { return range.isSigned == bounds.usuallySigned; };
    const bool bothSigns = bounds.usuallySigned && std::ranges::any_of(fitting, usual)
        && std::erase_if(fitting, [&](const AoRange &range) { return !usual(range); }) > 0;
    for (AoRange &range : fitting)
        range.eitherSign = bothSigns;
    const bool twoEnds = fitting.size() == 2 && fitting[0].bits == fitting[1].bits
        && fitting[0].isSigned == fitting[1].isSigned && fitting[0].isSigned; // the wide one is tried first
    if (twoEnds)
        fitting.front().eitherEnd = true;
    return twoEnds || fitting.size() == 1 ? std::optional(fitting.front()) : std::nullopt;
}

} // namespace quantscope
