#include "analysis/figure_kernels.h"

#include "base/clones.h"
#include "base/lanes.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace quantscope {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Sums over lanes while a run lasts.
struct ClampLanes {
    float smallest[kLanes], largest[kLanes];
    std::int32_t outside[kLanes], atLimit[kLanes];
};

QUANTSCOPE_CLONES void clampKernel(float *codes, std::size_t count, float lowest, float highest, ClampLanes &lanes)
{
    const Float8 low = Float8{} + lowest, high = Float8{} + highest;
    Float8 smallest = Float8{} + kInfinity, largest = Float8{} - kInfinity;
    Int8Lanes outside{}, atLimit{};
    for (std::size_t i = 0; i < count; i += kLanes) {
        Float8 raw;
        QUANTSCOPE_LOAD8(raw, codes + i);
        Float8 code = raw > high ? high : raw;
        code = code < low ? low : code;
        outside -= (raw > high) | (raw < low); // a comparison is 0 or -1
        atLimit -= (code == high) | (code == low);
        smallest = code < smallest ? code : smallest;
        largest = code > largest ? code : largest;
        QUANTSCOPE_STORE8(codes + i, code);
    }
    QUANTSCOPE_STORE8(lanes.smallest, smallest);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.outside, outside);
    QUANTSCOPE_STORE8(lanes.atLimit, atLimit);
}

struct ErrorLanes {
    double signal[kLanes] = {}, error[kLanes] = {}, sum[kLanes] = {}, largest[kLanes] = {};
    double values[kLanes] = {}, product[kLanes] = {};
    std::int64_t finite[kLanes] = {};
    std::int32_t zeroed[kLanes] = {};
};

/// What both kernels add up, element by element. By reference: see lanes.h.
struct ErrorSums {
    Double8 signal{}, error{}, sum{}, values{}, product{};

    [[gnu::always_inline]] void add(const Double8 &w, const Double8 &value, const Double8 &difference)
    {
        signal += w * w;
        error += difference * difference;
        sum += difference;
        values += value * value;
        product += w * value;
    }
    [[gnu::always_inline]] void store(ErrorLanes &lanes) const
    {
        QUANTSCOPE_STORE8(lanes.signal, signal);
        QUANTSCOPE_STORE8(lanes.error, error);
        QUANTSCOPE_STORE8(lanes.sum, sum);
        QUANTSCOPE_STORE8(lanes.values, values);
        QUANTSCOPE_STORE8(lanes.product, product);
    }
};

/// For floats and values that are all finite; otherwise the sum of squared errors is not finite, and the one below is
/// asked. |e| is compared as a pattern.
QUANTSCOPE_CLONES void finiteErrorKernel(
    const float *x, const float *codes, std::size_t count, float zeroPoint, float scale, ErrorLanes &lanes)
{
    ErrorSums sums;
    Long8 largest{};
    Int8Lanes zeroed{};
    const Float8 zero = Float8{} + zeroPoint;
    for (std::size_t i = 0; i < count; i += kLanes) {
        Float8 w, code;
        QUANTSCOPE_LOAD8(w, x + i);
        QUANTSCOPE_LOAD8(code, codes + i);
        const Float8 value = (code - zero) * scale;
        const Double8 s = __builtin_convertvector(w, Double8);
        const Double8 v = __builtin_convertvector(value, Double8);
        const Double8 e = v - s;
        sums.add(s, v, e);
        const Long8 magnitude = reinterpret_cast<Long8>(e) & INT64_MAX;
        largest = magnitude > largest ? magnitude : largest;
        zeroed -= (w != 0.0f) & (code == zero);
    }
    sums.store(lanes);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.zeroed, zeroed);
    const Long8 all = Long8{} + static_cast<std::int64_t>(count / kLanes);
    QUANTSCOPE_STORE8(lanes.finite, all);
}

QUANTSCOPE_CLONES void errorKernel(
    const float *x, const float *codes, std::size_t count, float zeroPoint, float scale, ErrorLanes &lanes)
{
    ErrorSums sums;
    Double8 largest{};
    Long8 finiteCount{};
    Int8Lanes zeroed{};
    const Float8 zero = Float8{} + zeroPoint;
    for (std::size_t i = 0; i < count; i += kLanes) {
        Float8 w, code;
        QUANTSCOPE_LOAD8(w, x + i);
        QUANTSCOPE_LOAD8(code, codes + i);
        const Float8 value = (code - zero) * scale;
        const Double8 wide = __builtin_convertvector(w, Double8);
        const Double8 wideValue = __builtin_convertvector(value, Double8);
        const Double8 difference = wideValue - wide;
        const Long8 finite = (difference - difference) == 0.0; // NaN and infinity leave NaN
        const Double8 e = finite ? difference : Double8{};
        const Double8 s = finite ? wide : Double8{};
        const Double8 v = finite ? wideValue : Double8{};
        sums.add(s, v, e);
        const Double8 magnitude = e < 0.0 ? -e : e;
        largest = magnitude > largest ? magnitude : largest;
        finiteCount -= finite;
        zeroed -= (w != 0.0f) & (code == zero);
    }
    sums.store(lanes);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.finite, finiteCount);
    QUANTSCOPE_STORE8(lanes.zeroed, zeroed);
}

double joined(const double (&lanes)[kLanes])
{
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

} // namespace

void clampAndCount(std::span<float> codes, float low, float high, RunFigures &figures)
{
    const auto add = [&](float *from, std::size_t count, std::size_t real) {
        ClampLanes lanes;
        clampKernel(from, count, low, high, lanes);
        for (std::size_t lane = 0; lane < real; ++lane) {
            figures.codesMin = std::min(figures.codesMin, lanes.smallest[lane]);
            figures.codesMax = std::max(figures.codesMax, lanes.largest[lane]);
            figures.clipped += static_cast<std::uint64_t>(lanes.outside[lane]);
            figures.atLimit += static_cast<std::uint64_t>(lanes.atLimit[lane]);
        }
    };
    // Lane counters are 32 bits wide; a piece is far below 2^31.
    const std::size_t whole = codes.size() / kLanes * kLanes;
    for (std::size_t at = 0; at < whole; at += 1u << 24)
        add(codes.data() + at, std::min<std::size_t>(whole - at, 1u << 24), kLanes);
    float rest[kLanes] = {};
    const auto tail = codes.subspan(whole);
    if (tail.empty())
        return;
    std::copy(tail.begin(), tail.end(), rest);
    add(rest, kLanes, tail.size());
    std::copy_n(rest, tail.size(), tail.begin());
}

void addError(std::span<const float> x, std::span<const float> codes, float zeroPoint, float scale,
    QuantizationError &error, RunFigures &figures)
{
    const auto add = [&](const float *w, const float *c, std::size_t count, std::size_t real) {
        ErrorLanes lanes;
        finiteErrorKernel(w, c, count, zeroPoint, scale, lanes);
        if (!std::isfinite(joined(lanes.error)))
            errorKernel(w, c, count, zeroPoint, scale, lanes);
        // Padding lanes hold 0 against the zero point: they add nothing but to the counts.
        error.signalPower += joined(lanes.signal);
        error.errorPower += joined(lanes.error);
        error.sum += joined(lanes.sum);
        error.valuePower += joined(lanes.values);
        error.product += joined(lanes.product);
        std::int64_t finite = 0, zeroed = 0;
        for (std::size_t lane = 0; lane < real; ++lane) {
            error.maxAbs = std::max(error.maxAbs, lanes.largest[lane]);
            finite += lanes.finite[lane];
            zeroed += lanes.zeroed[lane];
        }
        const std::size_t elements = real == kLanes ? count : real;
        error.count += static_cast<std::uint64_t>(finite);
        figures.nonFinite += elements - static_cast<std::uint64_t>(finite);
        figures.zeroed += static_cast<std::uint64_t>(zeroed);
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    if (whole > 0)
        add(x.data(), codes.data(), whole, kLanes);
    if (whole == x.size())
        return;
    float restX[kLanes] = {}, restCodes[kLanes];
    std::fill(std::begin(restCodes), std::end(restCodes), zeroPoint);
    std::copy(x.begin() + static_cast<std::ptrdiff_t>(whole), x.end(), restX);
    std::copy(codes.begin() + static_cast<std::ptrdiff_t>(whole), codes.begin() + static_cast<std::ptrdiff_t>(x.size()),
        restCodes);
    add(restX, restCodes, kLanes, x.size() - whole);
}

} // namespace quantscope
