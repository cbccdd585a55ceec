#include "tensor/channels.h"

#include <algorithm>

namespace quantscope {

Channels::Channels(std::span<const std::int64_t> shape, std::optional<std::size_t> axis)
{
    if (!axis || *axis >= shape.size()) {
        m_inner = std::max<std::uint64_t>(elementCount(shape), 1);
        return;
    }
    m_count = static_cast<std::uint64_t>(shape[*axis]);
    for (std::size_t i = *axis + 1; i < shape.size(); ++i)
        m_inner *= static_cast<std::uint64_t>(shape[i]);
    m_inner = std::max<std::uint64_t>(m_inner, 1); // of an empty tensor
}

} // namespace quantscope
