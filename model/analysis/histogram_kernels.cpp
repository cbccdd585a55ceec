#include "analysis/histogram_kernels.h"

#include "base/clones.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <utility>

namespace quantscope {

namespace {

/// Position of each code in a table: code - first, and `count` for NaN.
QUANTSCOPE_CLONES void positionKernel(
    const float *codes, std::size_t count, float first, float outside, std::int32_t *positions)
{
    for (std::size_t i = 0; i < count; ++i) {
        const float offset = codes[i] - first;
        positions[i] = static_cast<std::int32_t>(offset >= 0.0f && offset < outside ? offset : outside);
    }
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

void BitWeightCounter::take(BitWeightCounter &other)
{
    other.flush();
    m_total += std::exchange(other.m_total, {});
}

void BitWeightCounter::addNonFinite(std::span<const float> x)
{
    m_total.nonFinite
        += static_cast<std::uint64_t>(std::count_if(x.begin(), x.end(), [](float v) { return !std::isfinite(v); }));
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

void DistinctNumbers::take(const DistinctNumbers &other)
{
    for (std::size_t i = 0; i < m_marks.size(); ++i)
        m_marks[i] |= other.m_marks[i];
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

void CodeCounter::take(CodeCounter &other)
{
    other.flush();
    for (std::size_t i = 0; i < m_bins; ++i)
        m_counts[i] += std::exchange(other.m_counts[i], 0);
    m_distinct.take(other.m_distinct);
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
