#include "run/magnitudes.h"

#include "base/checked.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quantscope {

namespace {

constexpr int kPlaceShift = 16;
constexpr std::size_t kPlaces = 0x7F80; ///< of what is finite

std::uint16_t placeOf(float magnitude)
{
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(magnitude) >> kPlaceShift);
}

bool isBin(const Magnitudes::Bin &bin)
{
    return bin.count > 0 && bin.place < kPlaces
        && std::bit_cast<std::uint32_t>(bin.largest) >> kPlaceShift == bin.place;
}

} // namespace

Magnitudes::Magnitudes(std::vector<Bin> bins)
    : m_bins(std::move(bins))
{
    const auto notAbove = [](const Bin &a, const Bin &b) { return a.place >= b.place; };
    if (!std::ranges::all_of(m_bins, isBin) || std::ranges::adjacent_find(m_bins, notAbove) != m_bins.end())
        throw ParseError("a message has bins of magnitudes that are none");
}

void Magnitudes::add(std::span<const float> x)
{
    std::vector<Bin> all(kPlaces);
    for (const float value : x) {
        if (!std::isfinite(value))
            continue;
        const float magnitude = std::fabs(value);
        Bin &bin = all[placeOf(magnitude)];
        bin.largest = std::max(bin.largest, magnitude);
        ++bin.count;
    }
    Magnitudes seen;
    for (std::size_t place = 0; place < kPlaces; ++place)
        if (all[place].count > 0)
            seen.m_bins.push_back({static_cast<std::uint16_t>(place), all[place].largest, all[place].count});
    add(seen);
}

void Magnitudes::add(const Magnitudes &other)
{
    std::vector<Bin> both;
    both.reserve(m_bins.size() + other.m_bins.size());
    std::ranges::merge(m_bins, other.m_bins, std::back_inserter(both), {}, &Bin::place, &Bin::place);
    m_bins.clear();
    for (const Bin &bin : both)
        if (m_bins.empty() || m_bins.back().place != bin.place) {
            m_bins.push_back(bin);
        } else {
            m_bins.back().largest = std::max(m_bins.back().largest, bin.largest);
            m_bins.back().count += bin.count;
        }
}

std::optional<float> Magnitudes::percentile(double percent) const
{
    std::uint64_t total = 0;
    for (const Bin &bin : m_bins)
        total += bin.count;
    if (total == 0)
        return std::nullopt;
    const double rank = std::floor(0.01 * percent * static_cast<double>(total) + 0.5);
    std::uint64_t upTo = 0;
    for (const Bin &bin : m_bins) {
        upTo += bin.count;
        if (static_cast<double>(upTo) >= rank)
            return bin.largest;
    }
    return m_bins.back().largest;
}

} // namespace quantscope
