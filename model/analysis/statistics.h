#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Counts of |x| by power of two: bar k is [2^k, 2^(k+1)). float32 spans k = -149..127; zeros and what is not finite
/// apart.
struct BitWeightHistogram {
    static constexpr int kLowest = -149;
    static constexpr int kHighest = 127;
    std::array<std::uint64_t, kHighest - kLowest + 1> positive{};
    std::array<std::uint64_t, kHighest - kLowest + 1> negative{};
    std::uint64_t zeros = 0;
    std::uint64_t nonFinite = 0;

    BitWeightHistogram &operator+=(const BitWeightHistogram &part);
    std::uint64_t count(int exponent) const;
    std::uint64_t total() const; ///< with zeros, without what is not finite
    std::optional<int> highest() const; ///< largest non-empty exponent
    std::optional<int> lowest() const;
};

/// Equal-width bins over [low, high]; the last bin is closed.
struct ValueHistogram {
    double low = 0;
    double high = 0;
    std::vector<std::uint64_t> bins;
};

/// How often each code occurs, from `first` on; `width` codes per bin (1 unless the word is wide).
struct CodeHistogram {
    std::int64_t first = 0;
    std::uint64_t width = 1;
    std::vector<std::uint64_t> bins;
    std::uint64_t used = 0; ///< codes that occur at least once, exact
    bool usedKnown = true; ///< false when they are too many to be told apart
};

/// Error of the dequantized values (float32) against the file's floats, summed in float64 in blocks of file order.
struct QuantizationError {
    std::uint64_t count = 0;
    double signalPower = 0; ///< sum of w^2
    double errorPower = 0; ///< sum of e^2, e = value - w
    double maxAbs = 0;
    double sum = 0; ///< of e
    double valuePower = 0; ///< sum of v^2, v = value
    double product = 0; ///< sum of w * v

    QuantizationError &operator+=(const QuantizationError &part);
    /// Every value is its float: only then is the lack of an SQNR the best there is.
    bool isExact() const { return count > 0 && errorPower == 0; }
    std::optional<double> sqnrDb() const; ///< 10 log10(signal / error); nullopt without error or signal
    double mse() const { return count == 0 ? 0 : errorPower / static_cast<double>(count); }
    /// Cosine of the angle between the floats and the values; nullopt when one of them is zero.
    std::optional<double> cosine() const;
    double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

/// Figures of one output channel.
struct ChannelStatistics {
    float low = 0, high = 0; ///< of the floats (of the values where the file has only codes)
    std::int64_t codesMin = 0, codesMax = 0;
    std::uint64_t count = 0, atLimit = 0;
    QuantizationError error;
};

/// Everything that one pass over a slot's elements tells.
struct SlotStatistics {
    std::uint64_t count = 0;
    std::uint64_t nonFinite = 0;
    float low = 0, high = 0; ///< of the file's floats, else of the values; of the codes where those are unknown
    bool hasValues = true; ///< false where the scale is not known: the codes stand in the place of values
    bool hasFloats = false; ///< errors are null and `clipped` unknown without them
    std::int64_t codesMin = 0, codesMax = 0;
    std::uint64_t atLimit = 0; ///< codes equal to an end of the quantizer's range
    std::optional<std::uint64_t> clipped; ///< elements whose rounded, unclamped code lies outside the range
    std::uint64_t zeroed = 0; ///< non-zero floats whose code is the zero point
    QuantizationError error;
    BitWeightHistogram bitWeights; ///< of what `low` is of
    CodeHistogram codes;
    std::vector<ChannelStatistics> channels; ///< one per scale when there are several, else one per output channel
    std::optional<std::string> codesSha256; ///< with AnalysisOptions::hash
    std::optional<std::string> valueSha256;
};

/// Gets what is known so far every few million elements, on the thread that computes; its counts are of those elements.
template <class T> using Partial = std::function<void(T)>;

} // namespace quantscope
