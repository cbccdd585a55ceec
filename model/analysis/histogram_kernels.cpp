#include "analysis/histogram_kernels.h"

#include "base/clones.h"
#include "base/lanes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
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

QUANTSCOPE_CLONES void errorKernel(
    const float *x, const float *codes, std::size_t count, float zeroPoint, float scale, ErrorLanes &lanes)
{
    Double8 signal{}, error{}, sum{}, values{}, product{}, largest{};
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
        signal += s * s;
        error += e * e;
        sum += e;
        values += v * v;
        product += s * v;
        const Double8 magnitude = e < 0.0 ? -e : e;
        largest = magnitude > largest ? magnitude : largest;
        finiteCount -= finite;
        zeroed -= (w != 0.0f) & (code == zero);
    }
    QUANTSCOPE_STORE8(lanes.signal, signal);
    QUANTSCOPE_STORE8(lanes.error, error);
    QUANTSCOPE_STORE8(lanes.sum, sum);
    QUANTSCOPE_STORE8(lanes.values, values);
    QUANTSCOPE_STORE8(lanes.product, product);
    QUANTSCOPE_STORE8(lanes.largest, largest);
    QUANTSCOPE_STORE8(lanes.finite, finiteCount);
    QUANTSCOPE_STORE8(lanes.zeroed, zeroed);
}

/// Position of each code in a table: code - first, and `count` for NaN.
QUANTSCOPE_CLONES void positionKernel(
    const float *codes, std::size_t count, float first, float outside, std::int32_t *positions)
{
    for (std::size_t i = 0; i < count; ++i) {
        const float offset = codes[i] - first;
        positions[i] = static_cast<std::int32_t>(offset >= 0.0f && offset < outside ? offset : outside);
    }
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

BitWeightCounter::BitWeightCounter()
    : m_tables(kSignsAndExponents * kTables)
{
}

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
            (key < 256 ? m_total.positive
                       : m_total.negative)[exponent - 127 - static_cast<std::size_t>(BitWeightHistogram::kLowest)]
                += count;
    }
    m_pending = 0;
}

void BitWeightCounter::add(std::span<const float> x)
{
    const auto small = [&] {
        return m_tables[0] + m_tables[256] + m_tables[512] + m_tables[768] + m_tables[1024] + m_tables[1280]
            + m_tables[1536] + m_tables[1792];
    };
    const std::uint32_t before = small();
    countExponents(x.data(), x.size(), m_tables.data());
    if (small() != before)
        for (const float v : x) {
            const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(v) & 0x7FFFFFFFu;
            if (magnitude == 0)
                ++m_total.zeros;
            else if (magnitude < 0x00800000u) // denormal: its highest bit is its weight
                ++(std::signbit(v) ? m_total.negative
                                   : m_total.positive)[static_cast<std::size_t>(std::bit_width(magnitude) - 1)];
        }
    m_pending += x.size();
    if (m_pending > (1u << 30))
        flush();
}

BitWeightHistogram BitWeightCounter::result()
{
    flush();
    return m_total;
}

void DistinctNumbers::setRange(std::uint64_t size)
{
    if (size != 0 && size <= kMarked)
        m_marks.resize((size + 63) / 64);
}

void DistinctNumbers::add(std::uint64_t number)
{
    if (!m_marks.empty()) {
        m_marks[number / 64] |= 1ull << (number % 64);
        return;
    }
    if (m_tooMany)
        return;
    m_new.push_back(number);
    if (m_new.size() >= kMerged)
        merge();
}

void DistinctNumbers::merge()
{
    std::sort(m_new.begin(), m_new.end());
    std::vector<std::uint64_t> all;
    all.reserve(m_sorted.size() + m_new.size());
    std::set_union(m_sorted.begin(), m_sorted.end(), m_new.begin(), std::unique(m_new.begin(), m_new.end()),
        std::back_inserter(all));
    m_sorted = std::move(all);
    m_new.clear();
    m_tooMany = m_sorted.size() > kMost;
}

std::optional<std::uint64_t> DistinctNumbers::count()
{
    if (m_marks.empty())
        merge();
    std::uint64_t total = m_sorted.size();
    for (const std::uint64_t word : m_marks)
        total += static_cast<std::uint64_t>(std::popcount(word));
    return m_tooMany ? std::nullopt : std::optional(total);
}

CodeCounter::CodeCounter(std::int64_t lowest, std::int64_t highest)
    : m_first(lowest)
    , m_last(highest)
{
    const std::uint64_t size = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest) + 1;
    while ((size == 0 ? ~0ull >> m_shift : (size - 1) >> m_shift) >= 65536)
        ++m_shift;
    m_bins = static_cast<std::size_t>((size == 0 ? ~0ull >> m_shift : (size - 1) >> m_shift) + 1);
    m_counts.resize(m_bins);
    if (m_shift > 0)
        m_distinct.setRange(size);
}

void CodeCounter::count(std::int64_t code)
{
    // The float32 limit of a wide word may lie one above its last code.
    const std::uint64_t offset
        = static_cast<std::uint64_t>(std::clamp(code, m_first, m_last)) - static_cast<std::uint64_t>(m_first);
    ++m_counts[offset >> m_shift];
    if (m_shift > 0)
        m_distinct.add(offset);
}

void CodeCounter::add(std::span<const float> codes)
{
    // Below 2^24 the difference to the first code is exact in float32.
    if (m_shift == 0 && std::abs(m_first) < (1 << 24)) {
        m_positions.resize(codes.size());
        positionKernel(
            codes.data(), codes.size(), static_cast<float>(m_first), static_cast<float>(m_bins), m_positions.data());
        m_narrow.resize((m_bins + 1) * kTables);
        std::uint32_t *const tables = m_narrow.data();
        const std::size_t stride = m_bins + 1;
        std::size_t i = 0;
        for (; i + kTables <= codes.size(); i += kTables)
            for (std::size_t t = 0; t < kTables; ++t)
                ++tables[t * stride + static_cast<std::size_t>(m_positions[i + t])];
        for (; i < codes.size(); ++i)
            ++tables[static_cast<std::size_t>(m_positions[i])];
        m_pending += codes.size();
        if (m_pending > (1u << 30))
            flush();
        return;
    }
    for (const float code : codes)
        if (std::fabs(code) < 9.0e18f) // what is not finite is no code
            count(static_cast<std::int64_t>(code));
}

void CodeCounter::flush()
{
    for (std::size_t i = 0; i < m_narrow.size(); ++i)
        if (const std::size_t bin = i % (m_bins + 1); bin < m_bins)
            m_counts[bin] += m_narrow[i];
    std::fill(m_narrow.begin(), m_narrow.end(), 0);
    m_pending = 0;
}

void CodeCounter::add(std::span<const std::int64_t> codes)
{
    for (const std::int64_t code : codes)
        count(code);
}

CodeHistogram CodeCounter::result()
{
    flush();
    CodeHistogram out;
    out.first = m_first;
    out.width = std::uint64_t{1} << m_shift;
    out.bins = m_counts;
    const auto used = m_shift > 0 ? m_distinct.count()
                                  : std::optional<std::uint64_t>(std::count_if(
                                      m_counts.begin(), m_counts.end(), [](std::uint64_t n) { return n != 0; }));
    out.used = used.value_or(0);
    out.usedKnown = used.has_value();
    return out;
}

} // namespace quantscope
