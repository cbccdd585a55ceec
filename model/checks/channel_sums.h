#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "quant/code_reader.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope {

/// Which accumulator the elements of a layer's weight add to. A channel has several where not all of its elements meet
/// in one sum: the matrices of a stack, and in transposed convolutions with a stride the kernel positions of each
/// phase.
struct SumLayout {
    std::uint64_t channels = 1;
    std::uint64_t parts = 1; ///< accumulators of one channel
    std::uint64_t terms = 1; ///< elements of one accumulator, at most
    Shape shape;
    /// What an index along each axis adds to the accumulator's number, channel * parts + part; empty: nothing.
    std::vector<std::vector<std::uint64_t>> offsets;

    std::uint64_t count() const { return channels * parts; }
};

/// More accumulators than this are not kept: 16 bytes each.
inline constexpr std::uint64_t kMostAccumulators = 1ull << 24;

/// Of a weight that a layer multiplies its input with. `stride`: that of a transposed convolution without dilation,
/// whose kernel positions meet in phases; 1: all of them meet. Throws ParseError, whose text says why, where the axes
/// of the weight are not known or have more channels than are kept.
SumLayout sumLayoutOf(const Layer &layer, const SlotQuantizer &weight, int stride);

/// The codes of a slot as integers, less their zero points.
class PlainCodes {
public:
    explicit PlainCodes(const SlotQuantizer &slot);

    std::uint64_t count() const { return m_reader.count(); }
    /// Elements [begin, begin + out.size()). Throws ParseError: bytes missing, a code that is no number, a zero point
    /// that is no integer.
    void read(std::uint64_t begin, std::span<std::int64_t> out);

private:
    CodeReader m_reader;
    bool m_throughFloats;
    std::vector<float> m_floats;
};

/// Sums of codes less their zero points by accumulator, those of each sign apart: with inputs from `low` to `high` the
/// largest sum is high * positive + low * negative, the smallest low * positive + high * negative.
struct ChannelSums {
    std::vector<std::int64_t> positive, negative;
};

/// Reads the weight once, a large one on all cores. Throws ParseError (as PlainCodes, and sums beyond 64 bits) and
/// CancelledError.
ChannelSums channelSumsOf(const SlotQuantizer &weight, const SumLayout &layout, SharedProgress &progress);

} // namespace quantscope
