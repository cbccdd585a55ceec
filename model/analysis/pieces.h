#pragma once

#include "analysis/statistics.h"

#include <algorithm>
#include <cstdint>

namespace quantscope {

/// 64 KiB of floats: codes and values of a piece stay in the second-level cache.
inline constexpr std::uint64_t kPiece = 1ull << 14;
/// What is known so far is worth showing every 16 MiB of floats: some 10 ms.
inline constexpr std::uint64_t kPartialStep = 1ull << 22;
inline bool isPartialStep(std::uint64_t done, std::uint64_t total) { return done % kPartialStep == 0 && done < total; }

/// Which output channel an element belongs to, and how long the run from it is.
class ChannelMap {
public:
    explicit ChannelMap(const SlotQuantizer &slot)
        : m_total(elementCount(slot.tensor->shape))
    {
        const Shape &shape = slot.tensor->shape;
        const Granular &scale = *slot.quantizer->scale;
        const auto axis
            = static_cast<std::size_t>(scale.values.size() > 1 && scale.axis ? *scale.axis : slot.channelAxis);
        m_inner = std::max<std::uint64_t>(m_total, 1);
        if (axis >= shape.size())
            return;
        m_count = static_cast<std::uint64_t>(shape[axis]);
        m_inner = 1;
        for (std::size_t i = axis + 1; i < shape.size(); ++i)
            m_inner *= static_cast<std::uint64_t>(shape[i]);
    }
    std::uint64_t count() const { return m_count; }
    std::uint64_t channel(std::uint64_t element) const { return element / m_inner % m_count; }
    std::uint64_t run(std::uint64_t element) const { return m_inner - element % m_inner; }

private:
    std::uint64_t m_total = 0, m_count = 1, m_inner = 1;
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
