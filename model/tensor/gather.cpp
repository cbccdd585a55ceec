#include "tensor/gather.h"

#include "base/checked.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kLeastRead = 4096; ///< neighbours of a short run are probably wanted next
constexpr std::uint64_t kMostRead = 1ull << 20;

struct GatherAxis {
    std::uint64_t size = 1, stride = 0, step = 1; ///< in elements of the storage, and of what is filled
};

std::uint64_t sizeAt(std::span<const std::int64_t> shape, std::size_t axis)
{
    return static_cast<std::uint64_t>(shape[axis]);
}

/// One use: run().
class Gathering {
public:
    Gathering(const TensorInfo &tensor, const GatherBand &band,
        const std::function<void(std::uint64_t, std::span<std::byte>)> &read, std::span<std::byte> out)
        : m_read(read)
        , m_out(out)
        , m_element(dtypeBits(tensor.dtype) / 8)
        , m_bytes(tensor.storage.bytes)
        , m_first(tensor.firstElement)
    {
        std::uint64_t step = 1, rest = band.begin;
        for (std::size_t axis = tensor.shape.size(); axis-- > 0;) {
            const std::uint64_t size = sizeAt(tensor.shape, axis);
            const auto stride = narrow<std::uint64_t>(tensor.strides[axis], "a stride");
            m_first = checkedAdd(m_first, checkedMul(rest % size, stride, "a stride"), "the tensor's offset");
            rest /= size;
            const std::uint64_t count = axis > band.axis ? size : axis == band.axis ? band.count / step : 1;
            if (count > 1)
                m_axes.push_back({count, stride, step});
            step *= count;
        }
        std::ranges::stable_sort(m_axes, std::greater<>(), &GatherAxis::stride);
        if (m_axes.empty())
            m_axes.emplace_back();
    }

    void run()
    {
        const GatherAxis inner = m_axes.back();
        m_axes.pop_back();
        std::vector<std::uint64_t> index(m_axes.size(), 0);
        std::uint64_t from = m_first, to = 0;
        while (true) {
            gatherRun(inner, from, to);
            std::size_t axis = m_axes.size();
            for (; axis > 0; --axis) {
                const GatherAxis &at = m_axes[axis - 1];
                if (++index[axis - 1] < at.size) {
                    from = checkedAdd(from, at.stride, "the tensor's offset");
                    to += at.step;
                    break;
                }
                index[axis - 1] = 0;
                from -= (at.size - 1) * at.stride;
                to -= (at.size - 1) * at.step;
            }
            if (axis == 0)
                return;
        }
    }

private:
    void gatherRun(const GatherAxis &inner, std::uint64_t from, std::uint64_t to)
    {
        const std::uint64_t reach = checkedMul(inner.size - 1, inner.stride, "a stride");
        const std::uint64_t last = checkedMul(checkedAdd(from, reach, "the tensor's offset"), m_element, "its offset");
        const bool sparse = inner.stride > kLeastRead / m_element;
        for (std::uint64_t i = 0; i < inner.size; ++i) {
            const std::uint64_t offset = (from + i * inner.stride) * m_element;
            if (offset < m_begin || offset - m_begin + m_element > m_window.size())
                readWindow(offset, sparse ? m_element : last + m_element - offset);
            std::memcpy(
                m_out.data() + (to + i * inner.step) * m_element, m_window.data() + (offset - m_begin), m_element);
        }
    }

    void readWindow(std::uint64_t offset, std::uint64_t wanted)
    {
        if (offset > m_bytes || m_element > m_bytes - offset)
            throw ParseError(
                fmt::format("the tensor reaches to byte {} of a storage of {}", offset + m_element, m_bytes));
        const std::uint64_t length = std::min(std::clamp(wanted, kLeastRead, kMostRead), m_bytes - offset);
        m_window.resize(length / m_element * m_element);
        m_begin = offset;
        m_read(offset, m_window);
    }

    const std::function<void(std::uint64_t, std::span<std::byte>)> &m_read;
    std::span<std::byte> m_out;
    std::uint64_t m_element, m_bytes;
    std::uint64_t m_first; ///< in the storage
    std::vector<GatherAxis> m_axes; ///< from the largest stride to the smallest
    std::vector<std::byte> m_window;
    std::uint64_t m_begin = 0;
};

} // namespace

GatherBand bandAround(std::span<const std::int64_t> shape, std::uint64_t element, std::uint64_t most)
{
    std::uint64_t inner = 1;
    std::size_t axis = shape.size();
    while (axis > 0 && sizeAt(shape, axis - 1) <= most / inner)
        inner *= sizeAt(shape, --axis);
    if (axis == 0)
        return {0, inner, 0};
    --axis;
    const std::uint64_t rows = std::max<std::uint64_t>(most / inner, 1), size = sizeAt(shape, axis);
    const std::uint64_t row = element / inner % size, first = row / rows * rows;
    return {element - (row - first) * inner - element % inner, std::min(rows, size - first) * inner, axis};
}

void gatherBand(const TensorInfo &tensor, const GatherBand &band,
    const std::function<void(std::uint64_t offset, std::span<std::byte> out)> &read, std::span<std::byte> out)
{
    Gathering(tensor, band, read, out).run();
}

} // namespace quantscope
