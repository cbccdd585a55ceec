#include "analysis/histogram_kernels.h"

#include "base/clones.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace quantscope {

namespace {

constexpr std::size_t kLanes = 8;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

QUANTSCOPE_CLONES void clampKernel(float *codes, std::size_t count, float low, float high, float *range, std::uint32_t *counters)
{
    float smallest = range[0], largest = range[1];
    std::uint32_t outside = 0, atLimit = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const float raw = codes[i];
        float code = raw > high ? high : raw;
        code = code < low ? low : code;
        outside += static_cast<std::uint32_t>(raw > high) + static_cast<std::uint32_t>(raw < low);
        atLimit += static_cast<std::uint32_t>(code == high) | static_cast<std::uint32_t>(code == low);
        smallest = code < smallest ? code : smallest;
        largest = code > largest ? code : largest;
        codes[i] = code;
    }
    range[0] = smallest;
    range[1] = largest;
    counters[0] = outside;
    counters[1] = atLimit;
}

struct ErrorLanes {
    double signal[kLanes] = {};
    double error[kLanes] = {};
    double sum[kLanes] = {};
    double largest[kLanes] = {};
    std::uint64_t zeroed = 0;
    std::uint64_t skipped = 0;
};

inline void addOne(ErrorLanes &lanes, std::size_t lane, float w, float code, float zeroPoint, float scale, std::uint32_t &zeroed, std::uint32_t &skipped)
{
    const float value = (code - zeroPoint) * scale;
    const double difference = static_cast<double>(value) - static_cast<double>(w);
    // The difference of two finite floats is finite in double; NaN and infinity fail the comparison.
    const bool finite = std::fabs(difference) <= std::numeric_limits<double>::max();
    const double e = finite ? difference : 0.0;
    const double s = finite ? static_cast<double>(w) : 0.0;
    lanes.signal[lane] += s * s;
    lanes.error[lane] += e * e;
    lanes.sum[lane] += e;
    const double magnitude = std::fabs(e);
    lanes.largest[lane] = magnitude > lanes.largest[lane] ? magnitude : lanes.largest[lane];
    zeroed += static_cast<std::uint32_t>(w != 0.0f) & static_cast<std::uint32_t>(code == zeroPoint);
    skipped += static_cast<std::uint32_t>(!finite);
}

QUANTSCOPE_CLONES void errorKernel(const float *x, const float *codes, std::size_t count, float zeroPoint, float scale, ErrorLanes &lanes)
{
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        std::uint32_t zeroed = 0, skipped = 0;
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            addOne(lanes, lane, x[i + lane], codes[i + lane], zeroPoint, scale, zeroed, skipped);
        lanes.zeroed += zeroed;
        lanes.skipped += skipped;
    }
    std::uint32_t zeroed = 0, skipped = 0;
    for (std::size_t lane = 0; i < count; ++i, ++lane)
        addOne(lanes, lane, x[i], codes[i], zeroPoint, scale, zeroed, skipped);
    lanes.zeroed += zeroed;
    lanes.skipped += skipped;
}

double joined(const double (&lanes)[kLanes])
{
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

constexpr std::size_t kSignsAndExponents = 512;
constexpr std::size_t kTables = 4;

void countExponents(const float *x, std::size_t count, std::uint32_t *tables)
{
    std::size_t i = 0;
    for (; i + kTables <= count; i += kTables)
        for (std::size_t t = 0; t < kTables; ++t)
            ++tables[t * kSignsAndExponents + (std::bit_cast<std::uint32_t>(x[i + t]) >> 23)];
    for (; i < count; ++i)
        ++tables[std::bit_cast<std::uint32_t>(x[i]) >> 23];
}

} // namespace

void clampAndCount(std::span<float> codes, float low, float high, RunFigures &figures)
{
    // Counters are 32 bits wide so that they vectorise; a piece is far below 2^31.
    for (std::size_t at = 0; at < codes.size(); at += 1u << 20) {
        const auto part = codes.subspan(at, std::min<std::size_t>(codes.size() - at, 1u << 20));
        float range[2] = {figures.codesMin, figures.codesMax};
        std::uint32_t counters[2] = {};
        clampKernel(part.data(), part.size(), low, high, range, counters);
        figures.codesMin = range[0];
        figures.codesMax = range[1];
        figures.clipped += counters[0];
        figures.atLimit += counters[1];
    }
}

void addError(std::span<const float> x, std::span<const float> codes, float zeroPoint, float scale, QuantizationError &error, RunFigures &figures)
{
    ErrorLanes lanes;
    errorKernel(x.data(), codes.data(), x.size(), zeroPoint, scale, lanes);
    error.signalPower += joined(lanes.signal);
    error.errorPower += joined(lanes.error);
    error.sum += joined(lanes.sum);
    error.maxAbs = std::max(error.maxAbs, *std::max_element(std::begin(lanes.largest), std::end(lanes.largest)));
    error.count += x.size() - lanes.skipped;
    figures.zeroed += lanes.zeroed;
    figures.nonFinite += lanes.skipped;
}

BitWeightCounter::BitWeightCounter() : m_tables(kSignsAndExponents * kTables) {}

void BitWeightCounter::flush()
{
    for (std::size_t key = 0; key < kSignsAndExponents; ++key) {
        std::uint64_t count = 0;
        for (std::size_t t = 0; t < kTables; ++t)
            count += std::exchange(m_tables[t * kSignsAndExponents + key], 0);
        const std::size_t exponent = key & 255;
        if (exponent == 0 || count == 0)
            continue; // zeros and denormals were counted apart
        if (exponent == 255)
            m_total.nonFinite += count;
        else
            (key < 256 ? m_total.positive : m_total.negative)[exponent - 127 - static_cast<std::size_t>(BitWeightHistogram::kLowest)] += count;
    }
    m_pending = 0;
}

void BitWeightCounter::add(std::span<const float> x)
{
    const auto small = [&] { return m_tables[0] + m_tables[256] + m_tables[512] + m_tables[768] + m_tables[1024] + m_tables[1280] + m_tables[1536] + m_tables[1792]; };
    const std::uint32_t before = small();
    countExponents(x.data(), x.size(), m_tables.data());
    if (small() != before)
        for (const float v : x) {
            const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(v) & 0x7FFFFFFFu;
            if (magnitude == 0)
                ++m_total.zeros;
            else if (magnitude < 0x00800000u) // denormal: its highest bit is its weight
                ++(std::signbit(v) ? m_total.negative : m_total.positive)[static_cast<std::size_t>(std::bit_width(magnitude) - 1)];
        }
    m_pending += x.size();
    if (m_pending > (1u << 30))
        flush();
}

BitWeightHistogram BitWeightCounter::result() const
{
    BitWeightCounter copy = *this;
    copy.flush();
    return copy.m_total;
}

CodeCounter::CodeCounter(std::int64_t lowest, std::int64_t highest) : m_first(lowest)
{
    const std::uint64_t size = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest) + 1;
    while ((size == 0 ? ~0ull >> m_shift : (size - 1) >> m_shift) >= 65536)
        ++m_shift;
    m_bins = static_cast<std::size_t>((size == 0 ? ~0ull >> m_shift : (size - 1) >> m_shift) + 1);
    m_counts.resize(m_bins);
}

void CodeCounter::count(std::int64_t code)
{
    const std::uint64_t bin = (static_cast<std::uint64_t>(code) - static_cast<std::uint64_t>(m_first)) >> m_shift;
    if (bin < m_bins)
        ++m_counts[bin];
}

void CodeCounter::add(std::span<const float> codes)
{
    for (const float code : codes)
        if (std::fabs(code) < 9.0e18f) // what is not finite is no code
            count(static_cast<std::int64_t>(code));
}

void CodeCounter::add(std::span<const std::int64_t> codes)
{
    for (const std::int64_t code : codes)
        count(code);
}

CodeHistogram CodeCounter::result() const
{
    CodeHistogram out;
    out.first = m_first;
    out.width = std::uint64_t{1} << m_shift;
    out.bins = m_counts;
    out.used = static_cast<std::uint64_t>(std::count_if(m_counts.begin(), m_counts.end(), [](std::uint64_t n) { return n != 0; }));
    return out;
}

} // namespace quantscope
