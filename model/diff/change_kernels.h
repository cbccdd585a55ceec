#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantscope {

/// Changes of one size and direction: second code - first code in [from, to].
struct ChangeBin {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::uint64_t count = 0;
    bool operator==(const ChangeBin &) const = default;
};

/// How the codes of one tensor differ from those of another.
class ChangeCounts {
public:
    /// Codes from element `begin` on, as float32: whole numbers, or NaN, which equals NaN alone. A difference that is
    /// no float32 is rounded: codes of more than 24 bits go as integers.
    void add(std::uint64_t begin, std::span<const float> a, std::span<const float> b, float zeroA, float zeroB);
    void add(std::uint64_t begin, std::span<const std::int64_t> a, std::span<const std::int64_t> b, std::int64_t zeroA,
        std::int64_t zeroB);
    /// An element whose code is a number in one of them alone.
    void addUnlike(std::uint64_t element);
    /// What was counted of other elements.
    void take(const ChangeCounts &other);

    std::uint64_t changed() const { return m_changed; }
    std::uint64_t signFlips() const { return m_flips; } ///< code - zero point has become positive or negative instead
    std::uint64_t largest() const { return m_largest; } ///< of |second - first|, of finite codes
    std::optional<std::uint64_t> first() const { return m_first; } ///< smallest element that differs
    /// By powers of two, [4, 7] and [-7, -4], in ascending order and without empty ones; codes that are no numbers are
    /// in none.
    std::vector<ChangeBin> histogram() const;

private:
    static constexpr std::size_t kExponents = 64;
    void foundFirst(std::uint64_t element);
    void addOne(std::uint64_t element, float a, float b);

    std::uint64_t m_changed = 0, m_flips = 0, m_largest = 0;
    std::optional<std::uint64_t> m_first;
    std::array<std::uint64_t, kExponents> m_up{}, m_down{}; ///< by the floor of log2 |second - first|
};

} // namespace quantscope
