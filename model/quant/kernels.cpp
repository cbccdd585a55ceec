#include "quant/kernels.h"

#include "base/clones.h"
#include "base/lanes.h"
#include "tensor/element.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace quantscope {

namespace {

QUANTSCOPE_CLONES void divideAddRound(
    const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
{
    for (std::size_t i = 0; i < count; ++i) {
        float y = std::nearbyint(x[i] / divisor + zeroPoint);
        y = y > max ? max : y;
        codes[i] = y < min ? min : y;
    }
}

QUANTSCOPE_CLONES void divideRoundAdd(
    const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
{
    for (std::size_t i = 0; i < count; ++i) {
        float y = std::nearbyint(x[i] / divisor) + zeroPoint;
        y = y > max ? max : y;
        codes[i] = y < min ? min : y;
    }
}

QUANTSCOPE_CLONES void dequantize(const float *codes, float *values, std::size_t count, float zeroPoint, float scale)
{
    for (std::size_t i = 0; i < count; ++i)
        values[i] = (codes[i] - zeroPoint) * scale;
}

QUANTSCOPE_CLONES std::uint32_t maxMagnitude(const float *x, std::size_t count)
{
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7FFFFFFFu;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

/// `count` is a multiple of the lanes; NaN loses every comparison and is reported.
QUANTSCOPE_CLONES void lowHigh(const float *x, std::size_t count, float *lows, float *highs, std::int32_t *nans)
{
    Float8 low = Float8{} + std::numeric_limits<float>::infinity(),
           high = Float8{} - std::numeric_limits<float>::infinity();
    Int8Lanes nan{};
    for (std::size_t i = 0; i < count; i += kLanes) {
        Float8 v;
        QUANTSCOPE_LOAD8(v, x + i);
        low = v < low ? v : low;
        high = v > high ? v : high;
        nan |= v != v;
    }
    QUANTSCOPE_STORE8(lows, low);
    QUANTSCOPE_STORE8(highs, high);
    QUANTSCOPE_STORE8(nans, nan);
}

/// Lanes of lowHighOfMany, which looks at `count`, a multiple of them, and tells -0 and +0 apart in no order.
constexpr std::size_t kManyLanes = 32;

constexpr std::int32_t kInfinityBits = 0x7F800000;

struct ManyLanes {
    float low[kManyLanes], high[kManyLanes];
    std::int32_t magnitude[kManyLanes]; ///< the largest pattern of |x|
};

/// Two registers wide, as one waits for each comparison.
QUANTSCOPE_CLONES void lowHighOfMany(const float *x, std::size_t count, ManyLanes &lanes)
{
    using Half = float __attribute__((vector_size(2 * kManyLanes)));
    using HalfBits = std::int32_t __attribute__((vector_size(2 * kManyLanes)));
    Half lowA = Half{} + std::numeric_limits<float>::infinity(), highA = -lowA, lowB = lowA, highB = highA;
    HalfBits magnitudeA{}, magnitudeB{};
    for (std::size_t i = 0; i < count; i += kManyLanes) {
        Half a, b;
        QUANTSCOPE_LOAD8(a, x + i);
        QUANTSCOPE_LOAD8(b, x + i + kManyLanes / 2);
        lowA = a < lowA ? a : lowA;
        highA = a > highA ? a : highA;
        lowB = b < lowB ? b : lowB;
        highB = b > highB ? b : highB;
        const HalfBits bitsA = reinterpret_cast<HalfBits>(a) & INT32_MAX,
                       bitsB = reinterpret_cast<HalfBits>(b) & INT32_MAX;
        magnitudeA = bitsA > magnitudeA ? bitsA : magnitudeA;
        magnitudeB = bitsB > magnitudeB ? bitsB : magnitudeB;
    }
    QUANTSCOPE_STORE8(lanes.low, lowA);
    QUANTSCOPE_STORE8(lanes.low + kManyLanes / 2, lowB);
    QUANTSCOPE_STORE8(lanes.high, highA);
    QUANTSCOPE_STORE8(lanes.high + kManyLanes / 2, highB);
    QUANTSCOPE_STORE8(lanes.magnitude, magnitudeA);
    QUANTSCOPE_STORE8(lanes.magnitude + kManyLanes / 2, magnitudeB);
}

bool roundsUp(const ElementDecision &decision)
{
    const float p = decision.stored;
    if (decision.rule.rule == LearnedDecision::Rule::Positive)
        return p > 0;
    const auto zeta = decision.rule.zeta, gamma = decision.rule.gamma;
    const float sigmoid = 1.0f / (1.0f + std::exp(-p));
    return sigmoid * static_cast<float>(zeta - gamma) + static_cast<float>(gamma) > 0.5f;
}

} // namespace

float roundWith(float y, Rounding rounding)
{
    switch (rounding) {
    case Rounding::Round: return std::nearbyint(y); // half to even under the default rounding mode
    case Rounding::Ceil: return std::ceil(y);
    case Rounding::Floor:
    case Rounding::LearnedRound: return std::floor(y); // the learned decision is added to it
    case Rounding::RoundToZero: return std::trunc(y);
    case Rounding::Up: return std::copysign(std::ceil(std::fabs(y)), y);
    // As qonnx computes the two, in float32: just below 0.5 the sum is 1, and from 2^23 on neither sum is exact.
    case Rounding::HalfUp: return std::copysign(std::floor(std::fabs(y) + 0.5f), y);
    case Rounding::HalfDown: return std::copysign(std::ceil(std::fabs(y) - 0.5f), y);
    case Rounding::Dpu: return y < 0 && y - std::floor(y) == 0.5f ? std::ceil(y) : std::nearbyint(y);
    case Rounding::StdRound: return std::round(y);
    case Rounding::DpuRound: return y < 0 && y - std::floor(y) == 0.5f ? std::ceil(y) : std::round(y);
    }
    return y;
}

std::uint32_t maxMagnitudeBits(std::span<const float> x) { return maxMagnitude(x.data(), x.size()); }

namespace {

void widen(ValueRange &range, float low, float high, bool nan)
{
    range.low = low < range.low ? low : range.low;
    range.high = high > range.high ? high : range.high;
    range.hasNan = range.hasNan || nan;
}

constexpr ValueRange kNothing{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), false};

} // namespace

ValueRange valueRange(std::span<const float> x)
{
    if (const std::size_t many = x.size() / kManyLanes * kManyLanes; many > 2 * kManyLanes) {
        ManyLanes lanes;
        lowHighOfMany(x.data(), many, lanes);
        ValueRange range = kNothing;
        for (std::size_t lane = 0; lane < kManyLanes; ++lane)
            widen(range, lanes.low[lane], lanes.high[lane], lanes.magnitude[lane] > kInfinityBits);
        for (const float v : x.subspan(many))
            widen(range, v, v, std::isnan(v));
        if (range.low != 0 && range.high != 0) // else which zero it is hangs on the lanes
            return range;
    }
    ValueRange range = kNothing;
    const std::size_t whole = x.size() / kLanes * kLanes;
    float lows[kLanes], highs[kLanes];
    std::int32_t nans[kLanes];
    lowHigh(x.data(), whole, lows, highs, nans);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        widen(range, lows[lane], highs[lane], nans[lane] != 0);
    for (const float v : x.subspan(whole))
        widen(range, v, v, std::isnan(v));
    return range;
}

namespace {

/// The definition, written once: `Record` sees every operation, and what sees nothing costs nothing.
template <class Record> class Definition {
public:
    Definition(const CodeParameters &parameters, const ElementDecision *decision, Record record)
        : m_p(parameters)
        , m_decision(decision)
        , m_record(record)
    {
    }

    // The orders of operations differ where it is seldom seen and always matters: with scale 0.00214854861 the weight
    // 0.273939937 divided gives 127.499992 -> 127, times the reciprocal 127.5 -> 128; and 0.5 + 1 rounds to 2 where
    // 0.5 rounds to 0 and 0 + 1 is 1.
    float code(float x) const
    {
        switch (m_p.rule) {
        case CodeRule::DivideAddRound: return clamped(rounded(step(Op::AddShift, m_p.shift, divided(x) + m_p.shift)));
        case CodeRule::DivideRoundAdd: return clamped(withZeroPoint(rounded(divided(x))));
        case CodeRule::ReciprocalRoundAdd:
            return clamped(withZeroPoint(rounded(step(Op::TimesReciprocal, m_p.divisor, x * (1.0f / m_p.divisor)))));
        case CodeRule::Threshold: return answered(Op::AtLeastZero, 0, x >= 0) ? sign(1.0f) : sign(-1.0f);
        case CodeRule::TernaryThreshold: {
            const float threshold = m_p.ternaryThreshold * m_p.divisor;
            const bool above = answered(Op::AboveThreshold, threshold, std::fabs(x) > threshold);
            return sign(above ? std::copysign(1.0f, x) : 0.0f);
        }
        case CodeRule::Stored: return clamped(x);
        case CodeRule::MinifloatPattern:
            return step(Op::NearestMinifloat, 0, minifloatPattern(divided(x), m_p.minifloat, m_p.rounding));
        case CodeRule::BitPattern: return x;
        }
        return x;
    }

    float value(float code) const
    {
        if (m_p.rule == CodeRule::MinifloatPattern)
            return scaled(step(Op::DecodePattern, 0, minifloatValue(code, m_p.minifloat)));
        if (m_p.rule == CodeRule::BitPattern)
            code = step(Op::DecodePattern, 0, elementToFloat(m_p.stored, static_cast<std::uint64_t>(code)));
        return scaled(step(Op::SubtractZeroPoint, m_p.zeroPoint, code - m_p.zeroPoint));
    }

private:
    using Op = CodeOperation;

    float step(Op operation, float operand, float result) const
    {
        m_record(operation, operand, result);
        return result;
    }
    bool answered(Op question, float operand, bool answer) const
    {
        m_record(question, operand, answer ? 1.0f : 0.0f);
        return answer;
    }
    float divided(float x) const { return step(Op::Divide, m_p.divisor, x / m_p.divisor); }
    float withZeroPoint(float y) const { return step(Op::AddZeroPoint, m_p.zeroPoint, y + m_p.zeroPoint); }
    float sign(float code) const { return step(Op::Sign, 0, code); }
    float scaled(float value) const { return step(Op::TimesScale, m_p.scale, value * m_p.scale); }
    float clamped(float y) const
    {
        y = y > m_p.max ? m_p.max : y;
        return step(Op::Clamp, 0, y < m_p.min ? m_p.min : y);
    }
    float rounded(float y) const
    {
        if (m_decision == nullptr)
            return step(Op::Round, 0, roundWith(y, m_p.rounding));
        if (m_decision->rule.rule == LearnedDecision::Rule::Identity) {
            const float offset = std::clamp(m_decision->stored, -0.5f, 0.5f);
            return step(Op::Round, 0, std::nearbyint(step(Op::AddDecision, offset, y + offset)));
        }
        const float up = roundsUp(*m_decision) ? 1.0f : 0.0f;
        return step(Op::RoundUp, up, step(Op::Round, 0, roundWith(y, m_p.rounding)) + up);
    }

    const CodeParameters &m_p;
    const ElementDecision *m_decision;
    Record m_record;
};

struct NoRecord {
    void operator()(CodeOperation, float, float) const { }
};

struct ListRecord {
    std::vector<CodeStep> *steps;
    void operator()(CodeOperation operation, float operand, float result) const
    {
        steps->push_back({operation, operand, result});
    }
};

} // namespace

float codeOf(float x, const CodeParameters &p) { return Definition(p, nullptr, NoRecord{}).code(x); }

float codeOf(float x, const CodeParameters &p, const ElementDecision &decision)
{
    return Definition(p, &decision, NoRecord{}).code(x);
}

float valueOf(float code, const CodeParameters &p) { return Definition(p, nullptr, NoRecord{}).value(code); }

float codeOf(float x, const CodeParameters &p, const ElementDecision *decision, std::vector<CodeStep> &steps)
{
    return Definition(p, decision, ListRecord{&steps}).code(x);
}

float valueOf(float code, const CodeParameters &p, std::vector<CodeStep> &steps)
{
    return Definition(p, nullptr, ListRecord{&steps}).value(code);
}

void codesOf(std::span<const float> x, const CodeParameters &p, std::span<float> codes)
{
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideAddRound)
        return divideAddRound(x.data(), codes.data(), x.size(), p.divisor, p.shift, p.min, p.max);
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideRoundAdd)
        return divideRoundAdd(x.data(), codes.data(), x.size(), p.divisor, p.zeroPoint, p.min, p.max);
    const CodeParameters own = p; // which no code that is written can change
    const Definition definition(own, nullptr, NoRecord{});
    for (std::size_t i = 0; i < x.size(); ++i)
        codes[i] = definition.code(x[i]);
}

void valuesOf(std::span<const float> codes, const CodeParameters &p, std::span<float> values)
{
    if (p.rule == CodeRule::MinifloatPattern || p.rule == CodeRule::BitPattern) {
        for (std::size_t i = 0; i < codes.size(); ++i)
            values[i] = valueOf(codes[i], p);
        return;
    }
    dequantize(codes.data(), values.data(), codes.size(), p.zeroPoint, p.scale);
}

} // namespace quantscope
