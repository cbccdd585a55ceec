#include "dialects/brevitas/scale_rules.h"

#include "base/text.h"
#include "quant/fixed_point.h"
#include "quant/kernels.h"

#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kOrderOfAddition = "; its last bit depends on the order of addition";

float roundExponent(float v, ExponentRounding rounding)
{
    switch (rounding) {
    case ExponentRounding::Ceil: return std::ceil(v);
    case ExponentRounding::Floor: return std::floor(v);
    case ExponentRounding::HalfEven: return std::nearbyint(v);
    }
    return v;
}

/// torch's 2^v for whole v is exact from -149 to 127.
float powerOfTwo(float exponent)
{
    if (std::isnan(exponent))
        return exponent;
    if (exponent > 1000.0f)
        return std::numeric_limits<float>::infinity();
    return exponent < -1000.0f ? 0.0f : std::ldexp(1.0f, static_cast<int>(exponent));
}

/// torch.clamp_min: NaN passes through.
float clampMin(float x, const std::optional<float> &minimum) { return minimum && x < *minimum ? *minimum : x; }

/// Brevitas divides by no integer threshold where the levels are -1, (0,) 1: scale and threshold are one.
bool isDivided(const QuantizerSpec &spec)
{
    return spec.kind != QuantizerKind::Binary && spec.kind != QuantizerKind::Ternary;
}

/// Minifloats whose preset has no scale, which is then 1.
bool isUnscaled(const QuantizerSpec &spec)
{
    return spec.kind == QuantizerKind::Minifloat && spec.preset->source == ScaleSource::Constant;
}

float toStored(float threshold, const QuantizerSpec &spec)
{
    return spec.restriction == Restriction::Float ? threshold : log2Float32(threshold);
}

/// The integer threshold, or 1 where Brevitas divides by none.
float divisorOf(const QuantizerSpec &spec, int bits) { return isDivided(spec) ? intThreshold(spec, bits) : 1.0f; }

/// A stored threshold with its restriction and minimum. 0.6 and 0.7 take the minimum into log domains as its logarithm.
float restricted(float stored, const QuantizerSpec &spec)
{
    const float threshold = thresholdFromStored(stored, spec);
    if (spec.version < 80 && spec.restriction != Restriction::Float && spec.minimum)
        return clampMin(threshold, log2Float32(*spec.minimum));
    return clampMin(threshold, spec.minimum);
}

/// Constants and parameters restrict threshold and divisor apart from 0.11 on, 0.12 also statistics.
float dividedApart(float threshold, const QuantizerSpec &spec, int bits)
{
    const float n = divisorOf(spec, bits);
    if (spec.version < 110)
        return threshold / n;
    const float divisor = thresholdFromStored(toStored(n, spec), spec);
    return threshold / (spec.version < 120 ? clampMin(divisor, spec.minimum) : std::fabs(divisor));
}

/// 0.11 divides statistics, and what is learned from them, before the restriction: logarithms are subtracted.
float combined(float stored, const QuantizerSpec &spec, int bits)
{
    const float n = divisorOf(spec, bits);
    return spec.restriction == Restriction::Float ? stored / n : stored - log2Float32(n);
}

bool combinesStatistics(const QuantizerSpec &spec) { return spec.version >= 110 && spec.version < 120; }

/// Affine statistics lie in the stored domain. The absolute value is of log domains too, where it turns thresholds
/// below 1 over.
float rescaled(float stored, const QuantizerSpec &spec, AffineFactor affine)
{
    if (!affine.present)
        return stored;
    const float moved = stored * affine.weight + affine.bias;
    return spec.version < 120 ? std::fabs(moved) : moved;
}

} // namespace

float log2Float32(float x) { return static_cast<float>(std::log2(static_cast<double>(x))); }

float thresholdFromStored(float value, const QuantizerSpec &spec)
{
    switch (spec.restriction) {
    case Restriction::Float: return value;
    case Restriction::LogFloat: return static_cast<float>(std::exp2(static_cast<double>(value)));
    case Restriction::PowerOfTwo: return powerOfTwo(roundExponent(value, spec.exponentRounding));
    }
    return value;
}

IntScaling intScalingOf(const QuantizerSpec &spec)
{
    return spec.intScaling.value_or(IntScaling{
        spec.isSigned, spec.narrow, spec.powerOfTwoDivisor.value_or(spec.restriction == Restriction::PowerOfTwo)});
}

float intThreshold(const QuantizerSpec &spec, int bits)
{
    if (spec.kind == QuantizerKind::Minifloat)
        return largestMinifloat({spec.preset->exponentBits, spec.preset->mantissaBits});
    const IntScaling of = intScalingOf(spec);
    const float span = std::ldexp(1.0f, of.isSigned ? bits - 1 : bits);
    if (of.powerOfTwo || (of.isSigned && !of.narrow))
        return span;
    const float n = span - (of.isSigned || !of.narrow ? 1.0f : 2.0f);
    // One narrow bit with a sign: Brevitas negates the lowest code, so it divides by -0 (by +0 from 0.12.1 on).
    return n == 0 && of.isSigned && spec.version < 121 ? -0.0f : n;
}

float scaleFromStatistic(float statistic, const QuantizerSpec &spec, int bits, AffineFactor affine)
{
    if (spec.he)
        return dividedApart(restricted(toStored(statistic, spec), spec), spec, bits);
    if (spec.version >= 120)
        statistic = clampMin(statistic, spec.minimum);
    const float stored = toStored(statistic, spec);
    if (combinesStatistics(spec))
        return restricted(rescaled(combined(stored, spec, bits), spec, affine), spec);
    const float threshold = restricted(rescaled(stored, spec, affine), spec);
    return dividedApart(spec.version < 120 ? threshold : std::fabs(threshold), spec, bits);
}

float preScaleFromStatistic(float statistic, const QuantizerSpec &spec, int bits)
{
    if (spec.version >= 120)
        statistic = clampMin(statistic, spec.minimum);
    return restricted(toStored(statistic, spec), spec) / divisorOf(spec, bits);
}

float scaleFromStored(float stored, const QuantizerSpec &spec, int bits)
{
    if (!spec.initialised && combinesStatistics(spec))
        return std::fabs(restricted(combined(stored, spec, bits), spec));
    if (!spec.initialised && spec.version >= 120 && spec.preset != nullptr && spec.preset->slot == Slot::Act)
        return clampMin(dividedApart(std::fabs(thresholdFromStored(stored, spec)), spec, bits), spec.minimum);
    return dividedApart(std::fabs(restricted(stored, spec)), spec, bits);
}

float scaleFromConstant(const QuantizerSpec &spec, int bits)
{
    const float threshold = spec.constant.value_or(1.0f);
    if (isUnscaled(spec))
        return threshold;
    return dividedApart(restricted(spec.constantLog2.value_or(toStored(threshold, spec)), spec), spec, bits);
}

float zeroPointFromMinimum(float minimum, float scale, const QuantizerSpec &spec, int bits)
{
    const CodeRange range = codeRange(bits, spec.isSigned, spec.narrow);
    const auto lowest = static_cast<float>(range.min);
    if (spec.zeroPoint == ZeroPointSource::StoredUnrounded || spec.zeroPoint == ZeroPointSource::StatsUnrounded)
        return std::fabs(minimum) / scale + lowest;
    // It is a code like any other: rounded as codes are.
    CodeParameters parameters;
    parameters.rounding = spec.rounding;
    parameters.scale = parameters.divisor = scale;
    parameters.shift = parameters.min = lowest;
    parameters.max = static_cast<float>(range.max);
    const float code = codeOf(std::fabs(minimum), parameters);
    // 0.6 and 0.7 de-quantise the zero point of shifted weights: a bug that their users' numbers contain.
    const bool dequantised = spec.version < 80 && spec.zeroPoint == ZeroPointSource::Stats;
    return dequantised ? (code - lowest) * scale : code;
}

bool restsOnMean(const QuantizerSpec &spec, std::size_t tensors)
{
    if (spec.source != ScaleSource::Stats || spec.restriction == Restriction::PowerOfTwo)
        return false;
    switch (spec.statistic) {
    case Statistic::Mean:
    case Statistic::MeanOfChannelMax:
    case Statistic::MeanSigmaStd:
    case Statistic::RootMeanSquareOfChannelMax: return true;
    case Statistic::He: return tensors > 2; // a sum of two has one order
    default: return false;
    }
}

void noteOrderOfAddition(Quantizer &quantizer)
{
    if (!dependsOnOrderOfAddition(quantizer))
        quantizer.origin["scale"].detail += kOrderOfAddition;
}

bool dependsOnOrderOfAddition(const Quantizer &quantizer)
{
    const auto origin = quantizer.origin.find("scale");
    return origin != quantizer.origin.end() && origin->second.detail.ends_with(kOrderOfAddition);
}

std::string scaleRuleWords(const QuantizerSpec &spec)
{
    std::string words;
    switch (spec.statistic) {
    case Statistic::AbsMax: words = "abs-max"; break;
    case Statistic::MinMax: words = "max - min"; break;
    case Statistic::Mean: words = "mean of |w|"; break;
    case Statistic::MeanOfChannelMax: words = "mean of the channels' abs-max"; break;
    case Statistic::MeanSigmaStd: words = fmt::format("mean + {} sigma of |w|", shortest(spec.sigma)); break;
    case Statistic::Percentile: words = fmt::format("{} percentile of |w|", shortest(spec.highPercentile)); break;
    case Statistic::PercentileInterval: words = "percentile interval"; break;
    case Statistic::He: words = "sqrt(2 / fan-in)"; break;
    case Statistic::RootMeanSquareOfChannelMax: words = "root mean square of the channels' abs-max"; break;
    }
    if (spec.source == ScaleSource::Constant)
        words = "constant";
    if (spec.restriction == Restriction::LogFloat)
        words += ", log2 domain";
    if (spec.restriction == Restriction::PowerOfTwo)
        words += spec.exponentRounding == ExponentRounding::Ceil ? ", power of two, ceil"
            : spec.exponentRounding == ExponentRounding::Floor   ? ", power of two, floor"
                                                                 : ", power of two, nearest";
    return words;
}

std::string scaleFormula(const QuantizerSpec &spec, int bits, float input, float scale)
{
    if (spec.source == ScaleSource::Constant && (!isDivided(spec) || isUnscaled(spec)))
        return fmt::format("scale = {} (a constant, not divided)", shortest(scale));
    if (!isDivided(spec))
        return fmt::format("scale = {} (the threshold, not divided)", powerText(scale));
    const float n = intThreshold(spec, bits);
    const bool stored = spec.source == ScaleSource::Stored;
    if (spec.restriction != Restriction::PowerOfTwo) {
        const std::string threshold = stored && spec.restriction == Restriction::LogFloat
            ? fmt::format("2^{}", shortest(input))
            : shortest(input);
        return fmt::format("scale = {} / {} = {}", threshold, shortest(n), shortest(scale));
    }
    const char *rounding = spec.exponentRounding == ExponentRounding::Ceil ? "ceil"
        : spec.exponentRounding == ExponentRounding::Floor                 ? "floor"
                                                                           : "round";
    const std::string exponent = stored ? shortest(input) : fmt::format("log2 {}", shortest(input));
    const float threshold = thresholdFromStored(stored ? input : log2Float32(input), spec);
    return fmt::format("scale = 2^{}({}) / {} = {} / {} = {}", rounding, exponent, shortest(n), powerText(threshold),
        shortest(n), powerText(scale));
}

} // namespace quantscope
