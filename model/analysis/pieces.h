#pragma once

#include "analysis/statistics.h"
#include "tensor/channels.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace quantscope {

/// 64 KiB of floats: codes and values of a piece stay in the second-level cache.
inline constexpr std::uint64_t kPiece = 1ull << 14;
/// A vector of a hundred million elements is not a hundred million channels.
inline constexpr std::uint64_t kMostChannels = 1ull << 18;
/// What is known so far is worth showing every 16 MiB of floats: some 10 ms.
inline constexpr std::uint64_t kPartialStep = 1ull << 22;
inline bool isPartialStep(std::uint64_t done, std::uint64_t total) { return done % kPartialStep == 0 && done < total; }

/// The channels that figures are told apart by: one per scale when there are several along an axis, else one per output
/// channel, of which each may have several blocks. One in all where no axis holds the output channels.
class ChannelMap : public Channels {
public:
    explicit ChannelMap(const SlotQuantizer &slot)
        : Channels(slot.tensor->shape, axisOf(slot))
        , m_known(axisOf(slot).has_value())
    {
    }

    /// Figures of each are worth keeping.
    bool areTold() const { return m_known && count() <= kMostChannels; }

private:
    static std::optional<std::size_t> axisOf(const SlotQuantizer &slot)
    {
        const auto &scale = slot.quantizer->scale;
        const bool alongAxis = scale && scale->values.size() > 1 && scale->axis && !slot.quantizer->blockSize;
        const int axis = alongAxis ? *scale->axis : slot.channelAxis;
        return axis < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(axis));
    }

    bool m_known;
};

/// The work's result, or what ended it.
template <class F> auto passErrors(const std::string &tensor, F &&work) -> Result<decltype(work())>
{
    try {
        return work();
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, tensor, error.offset(), error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, tensor, std::nullopt, "was cancelled"});
    }
}

} // namespace quantscope
