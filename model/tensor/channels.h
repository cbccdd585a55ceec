#pragma once

#include "tensor/tensor.h"

#include <cstdint>
#include <optional>
#include <span>

namespace quantscope {

/// How a tensor's row-major elements fall into channels: the slices along one axis, each in runs of `inner` elements.
class Channels {
public:
    /// Without an axis, or with one that the shape does not have, everything is channel 0.
    explicit Channels(std::span<const std::int64_t> shape, std::optional<std::size_t> axis = {});

    std::uint64_t count() const { return m_count; }
    std::uint64_t inner() const { return m_inner; }
    std::uint64_t channel(std::uint64_t element) const { return m_count == 0 ? 0 : element / m_inner % m_count; }
    /// Elements from this one on that follow each other in its channel, itself included.
    std::uint64_t run(std::uint64_t element) const { return m_inner - element % m_inner; }
    /// How often the axis was gone through before this element.
    std::uint64_t outer(std::uint64_t element) const { return m_count == 0 ? 0 : element / m_inner / m_count; }

private:
    std::uint64_t m_count = 1; ///< 0 where the tensor is empty
    std::uint64_t m_inner = 1; ///< at least 1
};

} // namespace quantscope
