#pragma once

#include "analysis/statistics.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantscope {

/// Adds |x| of every element to its power-of-two bar.
class BitWeightCounter {
public:
    BitWeightCounter();
    void add(std::span<const float> x);
    /// Adds those alone that are not finite.
    void addNonFinite(std::span<const float> x);
    /// Adds what another counted and leaves it empty.
    void take(BitWeightCounter &other);
    BitWeightHistogram result();

private:
    std::vector<std::uint32_t> m_tables; ///< four tables side by side: neighbours rarely wait for the same counter
    BitWeightHistogram m_total;
    std::uint64_t m_pending = 0;
    void flush();
};

/// How many different numbers of [0, range) came by.
class DistinctNumbers {
public:
    void setRange(std::uint64_t size); ///< 0: 2^64
    void add(std::uint64_t number);
    bool isMarked() const { return !m_marks.empty(); }
    /// Adds what another saw, of the same range; both marked.
    void take(const DistinctNumbers &other);
    std::optional<std::uint64_t> count(); ///< nullopt when there are more than are kept

private:
    static constexpr std::uint64_t kMarked = 1ull << 24; ///< up to here a bit for each: 2 MiB
    static constexpr std::size_t kMerged = 1u << 20;
    static constexpr std::size_t kMost = 1u << 24; ///< 128 MiB
    void merge();
    std::vector<std::uint64_t> m_marks, m_sorted, m_new;
    bool m_tooMany = false;
};

/// Counts codes of [first, first + bins * width); width is a power of two.
class CodeCounter {
public:
    /// At most 65,536 bins; wide words are binned, and how many of their codes occur is counted apart. A code outside
    /// counts as the end it lies beyond.
    CodeCounter(std::int64_t lowest, std::int64_t highest);
    void add(std::span<const float> codes);
    void add(std::span<const std::int64_t> codes);
    /// Counts of several give that of all: not where a set of many wide codes is kept.
    bool adds() const { return m_shift == 0 || m_distinct.isMarked(); }
    /// Adds what another counted, of the same range, and leaves it empty. Only where it adds().
    void take(CodeCounter &other);
    CodeHistogram result();

private:
    void count(std::int64_t code);
    std::int64_t m_first = 0, m_last = 0;
    DistinctNumbers m_distinct;
    unsigned m_shift = 0;
    std::size_t m_bins = 0;
    std::vector<std::uint64_t> m_counts;
    void flush();
    std::vector<std::int32_t> m_positions;
    std::vector<std::uint32_t> m_narrow; ///< four tables side by side, each with one place for NaN
    std::uint64_t m_pending = 0;
};

} // namespace quantscope
