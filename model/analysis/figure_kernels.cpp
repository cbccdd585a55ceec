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

/// Codes are told apart sixteen at a time: counts and ends do not depend on it.
constexpr std::size_t kCodeLanes = 2 * kLanes;
using Float16 = float __attribute__((vector_size(4 * kCodeLanes)));
using Int16Lanes = std::int32_t __attribute__((vector_size(4 * kCodeLanes)));

/// Sums over lanes while a run lasts.
struct CodeLanes {
    float smallest[kCodeLanes], largest[kCodeLanes];
    std::int32_t outside[kCodeLanes], lowest[kCodeLanes], highest[kCodeLanes], zeroed[kCodeLanes];
};

QUANTSCOPE_CLONES void codeKernel(
    const float *x, float *codes, float *values, std::size_t count, const CodeParameters &p, CodeLanes &lanes)
{
    const Float16 low = Float16{} + p.min, high = Float16{} + p.max, zero = Float16{} + p.zeroPoint;
    const float scale = p.scale;
    Float16 smallest = Float16{} + kInfinity, largest = Float16{} - kInfinity;
    const Int16Lanes one = Int16Lanes{} + 1;
    Int16Lanes outside{}, lowest{}, highest{}, zeroed{};
    for (std::size_t i = 0; i < count; i += kCodeLanes) {
        Float16 w, raw;
        QUANTSCOPE_LOAD8(w, x + i);
        QUANTSCOPE_LOAD8(raw, codes + i);
        Float16 code = raw > high ? high : raw;
        code = code < low ? low : code;
        QUANTSCOPE_STORE8(codes + i, code);
        const Float16 value = (code - zero) * scale;
        QUANTSCOPE_STORE8(values + i, value);
        smallest = code < smallest ? code : smallest;
        largest = code > largest ? code : largest;
        // What was not outside keeps every bit, NaN too.
        outside = reinterpret_cast<Int16Lanes>(code) != reinterpret_cast<Int16Lanes>(raw) ? outside + one : outside;
        lowest = code == low ? lowest + one : lowest;
        highest = code == high ? highest + one : highest;
        const Float16 atZero = code == zero ? w : Float16{};
        zeroed = atZero != 0.0f ? zeroed + one : zeroed;
    }
    QUANTSCOPE_STORE8(lanes.smallest, smallest);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.outside, outside);
    QUANTSCOPE_STORE8(lanes.lowest, lowest);
    QUANTSCOPE_STORE8(lanes.highest, highest);
    QUANTSCOPE_STORE8(lanes.zeroed, zeroed);
}

struct ErrorLanes {
    double signal[kLanes] = {}, error[kLanes] = {}, sum[kLanes] = {}, largest[kLanes] = {};
    double values[kLanes] = {}, product[kLanes] = {};
    std::int64_t finite[kLanes] = {};
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

/// Element by element, which the compiler makes one conversion of; __builtin_convertvector it makes four.
[[gnu::always_inline]] inline void widen(const float *from, Double8 &to)
{
    double wide[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        wide[lane] = static_cast<double>(from[lane]);
    QUANTSCOPE_LOAD8(to, wide);
}

/// For floats and values that are all finite; otherwise the sum of squared errors is not finite, and the one below is
/// asked. |e| is compared as a pattern.
QUANTSCOPE_CLONES void finiteErrorKernel(const float *x, const float *values, std::size_t count, ErrorLanes &lanes)
{
    ErrorSums sums;
    Long8 largest{};
    for (std::size_t i = 0; i < count; i += kLanes) {
        Double8 s, v;
        widen(x + i, s);
        widen(values + i, v);
        const Double8 e = v - s;
        sums.add(s, v, e);
        const Long8 magnitude = reinterpret_cast<Long8>(e) & INT64_MAX;
        largest = magnitude > largest ? magnitude : largest;
    }
    sums.store(lanes);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    const Long8 all = Long8{} + static_cast<std::int64_t>(count / kLanes);
    QUANTSCOPE_STORE8(lanes.finite, all);
}

QUANTSCOPE_CLONES void errorKernel(const float *x, const float *values, std::size_t count, ErrorLanes &lanes)
{
    ErrorSums sums;
    Double8 largest{};
    Long8 finiteCount{};
    for (std::size_t i = 0; i < count; i += kLanes) {
        Double8 wide, wideValue;
        widen(x + i, wide);
        widen(values + i, wideValue);
        const Double8 difference = wideValue - wide;
        const Long8 finite = (difference - difference) == 0.0; // NaN and infinity leave NaN
        const Double8 e = finite ? difference : Double8{};
        const Double8 s = finite ? wide : Double8{};
        const Double8 v = finite ? wideValue : Double8{};
        sums.add(s, v, e);
        const Double8 magnitude = e < 0.0 ? -e : e;
        largest = magnitude > largest ? magnitude : largest;
        finiteCount -= finite;
    }
    sums.store(lanes);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.finite, finiteCount);
}

double joined(const double (&lanes)[kLanes])
{
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/// Of elements that fill the lanes; of the last few of a run `real` lanes hold elements, and the others add nothing but
/// to the counts.
void addLanes(const float *x, const float *values, std::size_t count, std::size_t real, QuantizationError &error,
    RunFigures &figures)
{
    ErrorLanes lanes;
    finiteErrorKernel(x, values, count, lanes);
    if (!std::isfinite(joined(lanes.error)))
        errorKernel(x, values, count, lanes);
    error.signalPower += joined(lanes.signal);
    error.errorPower += joined(lanes.error);
    error.sum += joined(lanes.sum);
    error.valuePower += joined(lanes.values);
    error.product += joined(lanes.product);
    std::int64_t finite = 0;
    for (std::size_t lane = 0; lane < real; ++lane) {
        error.maxAbs = std::max(error.maxAbs, lanes.largest[lane]);
        finite += lanes.finite[lane];
    }
    const std::size_t elements = real == kLanes ? count : real;
    error.count += static_cast<std::uint64_t>(finite);
    figures.nonFinite += elements - static_cast<std::uint64_t>(finite);
}

} // namespace

void clampAndCount(std::span<const float> x, std::span<float> codes, const CodeParameters &parameters,
    std::span<float> values, RunFigures &figures)
{
    const auto add = [&](const float *w, float *c, float *v, std::size_t count, std::size_t real) {
        CodeLanes lanes;
        codeKernel(w, c, v, count, parameters, lanes);
        const bool oneCode = parameters.min == parameters.max; // which is at both ends
        for (std::size_t lane = 0; lane < real; ++lane) {
            figures.codesMin = std::min(figures.codesMin, lanes.smallest[lane]);
            figures.codesMax = std::max(figures.codesMax, lanes.largest[lane]);
            figures.clipped += static_cast<std::uint64_t>(lanes.outside[lane]);
            figures.atLimit += static_cast<std::uint64_t>(lanes.highest[lane] + (oneCode ? 0 : lanes.lowest[lane]));
            figures.zeroed += static_cast<std::uint64_t>(lanes.zeroed[lane]);
        }
    };
    // Lane counters are 32 bits wide; a piece is far below 2^31.
    const std::size_t whole = codes.size() / kCodeLanes * kCodeLanes;
    for (std::size_t at = 0; at < whole; at += 1u << 24)
        add(x.data() + at, codes.data() + at, values.data() + at, std::min<std::size_t>(whole - at, 1u << 24),
            kCodeLanes);
    const std::size_t rest = codes.size() - whole;
    if (rest == 0)
        return;
    float w[kCodeLanes] = {}, c[kCodeLanes] = {}, v[kCodeLanes];
    std::ranges::copy(x.subspan(whole), w);
    std::ranges::copy(codes.subspan(whole), c);
    add(w, c, v, kCodeLanes, rest);
    std::copy_n(c, rest, codes.begin() + static_cast<std::ptrdiff_t>(whole));
    std::copy_n(v, rest, values.begin() + static_cast<std::ptrdiff_t>(whole));
}

void addError(std::span<const float> x, std::span<const float> values, QuantizationError &error, RunFigures &figures)
{
    const std::size_t whole = x.size() / kLanes * kLanes;
    if (whole > 0)
        addLanes(x.data(), values.data(), whole, kLanes, error, figures);
    if (whole == x.size())
        return;
    float restX[kLanes] = {}, restValues[kLanes] = {};
    std::ranges::copy(x.subspan(whole), restX);
    std::ranges::copy(values.subspan(whole), restValues);
    addLanes(restX, restValues, kLanes, x.size() - whole, error, figures);
}

} // namespace quantscope
