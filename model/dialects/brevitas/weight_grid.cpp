#include "dialects/brevitas/weight_grid.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kSample = 4096, kGridChunk = 1ull << 16;
constexpr std::uint64_t kFewest = 16; ///< elements of a tensor that tell something
constexpr std::uint64_t kFewestOfChannel = 9;
constexpr int kMostBits = 12;
constexpr float kMostSteps = 2047; ///< codes of that many bits
constexpr int kLargestFirstCode = 8; ///< what the smallest magnitude may be a multiple of

/// The different values among some, as far as they could be on a grid.
class Values {
public:
    /// False when there are more than a grid has, or one that is not finite.
    bool add(std::span<const float> values)
    {
        for (const float value : values) {
            if (!std::isfinite(value) || !insert(value))
                return false;
            m_low = std::min(m_low, value);
            m_high = std::max(m_high, value);
        }
        m_count += values.size();
        return true;
    }
    /// As if new, at the cost of what was in it.
    void clear()
    {
        for (const std::size_t at : m_taken)
            m_table[at] = 0;
        m_taken.clear();
        m_count = 0;
        m_hasZero = false;
        m_low = m_high = 0;
    }
    std::uint64_t different() const { return m_taken.size() + (m_hasZero ? 1 : 0); }
    /// Many of them occur more than once.
    bool repeats() const { return different() * 4 <= m_count * 3; }
    bool hasZero() const { return m_hasZero; }
    float low() const { return m_low; } ///< at most 0
    float high() const { return m_high; } ///< at least 0
    /// Ascending, each once, without zero.
    std::vector<float> magnitudes() const
    {
        std::vector<float> out;
        for (const std::size_t at : m_taken)
            out.push_back(std::fabs(m_table[at]));
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
        return out;
    }

private:
    static constexpr std::uint64_t kMost = 1ull << kMostBits;
    static constexpr std::size_t kSize = 4 * kMost;

    bool insert(float value)
    {
        if (value == 0) {
            m_hasZero = true;
            return true;
        }
        std::size_t at = (std::bit_cast<std::uint32_t>(value) * 2654435761u) >> (32 - kMostBits - 2);
        while (m_table[at] != 0 && m_table[at] != value)
            at = (at + 1) % kSize;
        if (m_table[at] == value)
            return true;
        m_table[at] = value;
        m_taken.push_back(at);
        return m_taken.size() < kMost;
    }

    std::vector<float> m_table = std::vector<float>(kSize, 0.0f); ///< 0: free
    std::vector<std::size_t> m_taken;
    std::uint64_t m_count = 0;
    bool m_hasZero = false;
    float m_low = 0, m_high = 0;
};

bool fits(const std::vector<float> &magnitudes, float step)
{
    if (!std::isnormal(step))
        return false;
    return std::ranges::all_of(magnitudes, [&](float m) {
        const float code = std::nearbyint(m / step);
        return code <= kMostSteps + 1 && code * step == m;
    });
}

/// The largest step that every magnitude is a multiple of; nullopt when there is none.
std::optional<float> stepOf(const std::vector<float> &magnitudes)
{
    if (magnitudes.empty())
        return std::nullopt;
    for (int code = 1; code <= kLargestFirstCode; ++code) {
        const float step = magnitudes.front() / static_cast<float>(code);
        if (magnitudes.back() / step > kMostSteps + 2)
            return std::nullopt;
        for (const float candidate : {step, std::nextafter(step, 0.0f), std::nextafter(step, magnitudes.back())})
            if (fits(magnitudes, candidate))
                return candidate;
    }
    return std::nullopt;
}

void widen(WeightGrid &grid, const Values &part, float step)
{
    grid.low = std::min(grid.low, static_cast<std::int64_t>(std::nearbyint(part.low() / step)));
    grid.high = std::max(grid.high, static_cast<std::int64_t>(std::nearbyint(part.high() / step)));
}

bool setBits(WeightGrid &grid)
{
    while (grid.bits <= kMostBits
        && (grid.low < -(std::int64_t{1} << (grid.bits - 1)) || grid.high >= std::int64_t{1} << (grid.bits - 1)))
        ++grid.bits;
    return grid.bits <= kMostBits;
}

class Search {
public:
    Search(const TensorInfo &tensor, const Progress &progress)
        : m_tensor(tensor)
        , m_reader(tensor)
        , m_progress(progress)
    {
    }

    std::optional<WeightGrid> ofTensor()
    {
        const std::uint64_t count = m_tensor.count();
        Values sample;
        if (!read(0, std::min(count, kSample), sample) || !sample.repeats() || !hasGrid(sample))
            return std::nullopt;
        Values all;
        if (!read(0, count, all) || !all.repeats())
            return std::nullopt;
        m_isConstant = all.different() < 2;
        if (all.different() == 2 && all.low() == -all.high())
            return WeightGrid{{all.high()}, -1, 1, 1, count};
        if (!all.hasZero() || all.different() < 3)
            return std::nullopt;
        const auto step = stepOf(all.magnitudes());
        if (!step)
            return std::nullopt;
        WeightGrid grid{{*step}, 0, 0, 2, count};
        widen(grid, all, *step);
        return setBits(grid) ? std::optional(grid) : std::nullopt;
    }

    /// Slices of axis 0, which lie one behind the other.
    std::optional<WeightGrid> ofChannels()
    {
        const auto channels = static_cast<std::uint64_t>(m_tensor.shape[0]);
        const std::uint64_t length = m_tensor.count() / channels;
        if (m_isConstant || channels < 2 || length < kFewestOfChannel)
            return std::nullopt;
        WeightGrid grid{{}, 0, 0, 2, m_tensor.count()};
        std::uint64_t different = 0, telling = 0;
        bool zero = false;
        Values sample, channel;
        for (std::uint64_t c = 0; c < channels; ++c) {
            sample.clear();
            channel.clear();
            if (length > kSample && (!read(c * length, kSample, sample) || !hasGrid(sample)))
                return std::nullopt;
            if (!read(c * length, length, channel) || !hasGrid(channel))
                return std::nullopt;
            const float step = stepOf(channel.magnitudes()).value_or(0.0f);
            grid.steps.push_back(step);
            if (step > 0)
                widen(grid, channel, step);
            different += channel.different();
            if (channel.different() > 2)
                ++telling;
            zero = zero || channel.hasZero();
        }
        if (!zero || telling * 2 < channels || different * 4 > grid.count * 3 || !setBits(grid))
            return std::nullopt;
        // A channel of zeros has any step.
        std::ranges::replace(grid.steps, 0.0f, *std::ranges::max_element(grid.steps));
        return grid;
    }

private:
    bool read(std::uint64_t begin, std::uint64_t count, Values &out)
    {
        for (std::uint64_t at = begin; at < begin + count; at += kGridChunk) {
            const std::uint64_t length = std::min(kGridChunk, begin + count - at);
            m_chunk.resize(length);
            m_reader.floats(at, m_chunk);
            if (!out.add(m_chunk))
                return false;
            m_progress.step(at + length, m_tensor.count());
        }
        return true;
    }
    static bool hasGrid(const Values &part)
    {
        const std::vector<float> magnitudes = part.magnitudes();
        return magnitudes.empty() || stepOf(magnitudes);
    }

    const TensorInfo &m_tensor;
    TensorReader m_reader;
    const Progress &m_progress;
    std::vector<float> m_chunk;
    bool m_isConstant = false; ///< as far as the whole tensor was read
};

} // namespace

std::string WeightGrid::text() const
{
    if (isBinary())
        return fmt::format("all {} weights are -1 or +1 times {} (binary)", grouped(count), powerText(steps.front()));
    const std::string step = steps.size() == 1 ? powerText(steps.front())
                                               : fmt::format("one step for each of {} output channels", steps.size());
    return fmt::format(
        "all {} weights are multiples of {} between {} and {} ({} bits)", grouped(count), step, low, high, bits);
}

std::optional<WeightGrid> findGrid(const TensorInfo &tensor, bool channels, const Progress &progress)
{
    if (!tensor.readable() || !tensor.isContiguous() || tensor.shape.size() < 2 || tensor.count() < kFewest)
        return std::nullopt;
    try {
        Search search(tensor, progress);
        if (auto grid = search.ofTensor())
            return grid;
        return channels ? search.ofChannels() : std::nullopt;
    } catch (const ParseError &) {
        return std::nullopt; // whoever needs its values says so
    }
}

} // namespace quantscope
