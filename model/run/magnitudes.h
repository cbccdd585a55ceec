#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantscope {

/// How often |x| lies in each bin: 128 bins to a power of two, whose bounds are the numbers of bfloat16. Each remembers
/// the largest that it saw, so that percentiles are magnitudes that flowed.
class Magnitudes {
public:
    struct Bin {
        std::uint16_t place = 0; ///< the upper bits of the float32
        float largest = 0;
        std::uint64_t count = 0;
        bool operator==(const Bin &) const = default;
    };

    Magnitudes() = default;
    /// Throws ParseError for what add() does not make: bins out of order, empty, or with a magnitude of another bin.
    explicit Magnitudes(std::vector<Bin> bins);

    void add(std::span<const float> x); ///< without what is not finite
    void add(const Magnitudes &other);
    const std::vector<Bin> &bins() const { return m_bins; } ///< that are not empty, smallest first
    /// Brevitas' percentile of |x|: of n magnitudes the k-th smallest, k = floor(0.01 percent n + 0.5). Exact for the
    /// largest; else the largest of its bin, less than 1/128 above it. nullopt where nothing flowed.
    std::optional<float> percentile(double percent) const;

private:
    std::vector<Bin> m_bins;
};

} // namespace quantscope
