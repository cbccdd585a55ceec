#include "diff/change_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

/// How many of float32's nine leading bits (sign and exponent) there are; several counters, so that equal neighbours
/// need not wait for each other.
constexpr std::size_t kLeading = 512, kCounters = 4;
using LeadingBits = std::array<std::array<std::uint32_t, kLeading>, kCounters>;

/// Pieces that are counted in 32 bits.
constexpr std::size_t kCountedPiece = 1u << 20;

std::uint64_t countOf(const LeadingBits &bits, std::size_t leading)
{
    std::uint64_t out = 0;
    for (const auto &counter : bits)
        out += counter[leading];
    return out;
}

LeadingBits leadingBitsOf(std::span<const float> a, std::span<const float> b)
{
    LeadingBits out{};
    const auto count
        = [&](std::size_t counter, std::size_t i) { ++out[counter][std::bit_cast<std::uint32_t>(b[i] - a[i]) >> 23]; };
    std::size_t i = 0;
    for (; i + kCounters <= a.size(); i += kCounters)
        for (std::size_t counter = 0; counter < kCounters; ++counter)
            count(counter, i + counter);
    for (; i < a.size(); ++i)
        count(0, i);
    return out;
}

/// Over lanes of their own, which a vector holds: the same whatever the order.
float largestDifference(std::span<const float> a, std::span<const float> b)
{
    std::array<float, 16> lanes{};
    std::size_t i = 0;
    for (; i + lanes.size() <= a.size(); i += lanes.size())
        for (std::size_t lane = 0; lane < lanes.size(); ++lane)
            lanes[lane] = std::max(lanes[lane], std::fabs(b[i + lane] - a[i + lane]));
    for (; i < a.size(); ++i)
        lanes[0] = std::max(lanes[0], std::fabs(b[i] - a[i]));
    return *std::ranges::max_element(lanes);
}

std::uint64_t flipsOf(std::span<const float> a, std::span<const float> b, float zeroA, float zeroB)
{
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const float x = a[i] - zeroA, y = b[i] - zeroB;
        out += ((x > 0) & (y < 0)) | ((x < 0) & (y > 0)) ? 1u : 0u;
    }
    return out;
}

bool sameCode(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

} // namespace

void ChangeCounts::foundFirst(std::uint64_t element) { m_first = m_first ? std::min(*m_first, element) : element; }

void ChangeCounts::add(
    std::uint64_t begin, std::span<const float> a, std::span<const float> b, float zeroA, float zeroB)
{
    for (; a.size() > kCountedPiece; begin += kCountedPiece) {
        add(begin, a.first(kCountedPiece), b.first(kCountedPiece), zeroA, zeroB);
        a = a.subspan(kCountedPiece);
        b = b.subspan(kCountedPiece);
    }
    const LeadingBits bits = leadingBitsOf(a, b);
    constexpr std::size_t kNegative = 256, kNotFinite = 255;
    if (countOf(bits, kNotFinite) + countOf(bits, kNegative + kNotFinite) > 0) {
        for (std::size_t i = 0; i < a.size(); ++i)
            addOne(begin + i, a[i], b[i]);
    } else {
        const std::uint64_t same = countOf(bits, 0) + countOf(bits, kNegative);
        m_changed += a.size() - same;
        for (std::size_t exponent = 0; exponent < kExponents; ++exponent) {
            m_up[exponent] += countOf(bits, 127 + exponent);
            m_down[exponent] += countOf(bits, kNegative + 127 + exponent);
        }
        if (same < a.size()) {
            m_largest = std::max(m_largest, static_cast<std::uint64_t>(std::min(largestDifference(a, b), 0x1p63f)));
            if (!m_first || begin < *m_first)
                foundFirst(begin + static_cast<std::uint64_t>(std::ranges::mismatch(a, b).in1 - a.begin()));
        }
    }
    m_flips += flipsOf(a, b, zeroA, zeroB);
}

/// Where one of a piece is no number.
void ChangeCounts::addOne(std::uint64_t element, float a, float b)
{
    if (sameCode(a, b))
        return;
    ++m_changed;
    foundFirst(element);
    const float change = b - a;
    if (!std::isfinite(change) || std::fabs(change) >= 0x1p63f)
        return;
    const auto size = static_cast<std::uint64_t>(std::fabs(change));
    m_largest = std::max(m_largest, size);
    if (size > 0)
        ++(change > 0 ? m_up : m_down)[static_cast<std::size_t>(std::bit_width(size) - 1)];
}

void ChangeCounts::add(std::uint64_t begin, std::span<const std::int64_t> a, std::span<const std::int64_t> b,
    std::int64_t zeroA, std::int64_t zeroB)
{
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (((a[i] > zeroA) && (b[i] < zeroB)) || ((a[i] < zeroA) && (b[i] > zeroB)))
            ++m_flips;
        if (a[i] == b[i])
            continue;
        ++m_changed;
        foundFirst(begin + i);
        const bool up = b[i] > a[i];
        const std::uint64_t first = static_cast<std::uint64_t>(a[i]), second = static_cast<std::uint64_t>(b[i]);
        const std::uint64_t size = up ? second - first : first - second;
        m_largest = std::max(m_largest, size);
        ++(up ? m_up : m_down)[static_cast<std::size_t>(std::bit_width(size) - 1)];
    }
}

void ChangeCounts::addUnlike(std::uint64_t element)
{
    ++m_changed;
    foundFirst(element);
}

void ChangeCounts::take(const ChangeCounts &other)
{
    m_changed += other.m_changed;
    m_flips += other.m_flips;
    m_largest = std::max(m_largest, other.m_largest);
    if (other.m_first)
        foundFirst(*other.m_first);
    for (std::size_t i = 0; i < kExponents; ++i) {
        m_up[i] += other.m_up[i];
        m_down[i] += other.m_down[i];
    }
}

std::vector<ChangeBin> ChangeCounts::histogram() const
{
    std::vector<ChangeBin> out;
    const auto low = [](std::size_t exponent) {
        return static_cast<std::int64_t>(std::uint64_t{1} << std::min<std::size_t>(exponent, 62));
    };
    const auto high = [](std::size_t exponent) {
        return exponent >= 62 ? std::numeric_limits<std::int64_t>::max()
                              : static_cast<std::int64_t>((std::uint64_t{2} << exponent) - 1);
    };
    for (std::size_t exponent = kExponents; exponent-- > 0;)
        if (m_down[exponent] > 0)
            out.push_back({-high(exponent), -low(exponent), m_down[exponent]});
    for (std::size_t exponent = 0; exponent < kExponents; ++exponent)
        if (m_up[exponent] > 0)
            out.push_back({low(exponent), high(exponent), m_up[exponent]});
    return out;
}

} // namespace quantscope
