#include "tensor/reshaped_view.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quantscope {

namespace {

/// The bytes of a view as if it were contiguous.
class RowMajorSource final : public ByteSource {
public:
    explicit RowMajorSource(TensorInfo view)
        : m_view(std::move(view))
        , m_element(dtypeBits(m_view.dtype) / 8)
        , m_size(m_view.count() * m_element)
    {
    }

    std::uint64_t size() const override { return m_size; }

    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_size || out.size() > m_size - offset)
            throw ParseError("bytes behind the end of a tensor are asked");
        TensorReader reader(m_view);
        while (!out.empty()) {
            const std::uint64_t first = offset / m_element, skipped = offset % m_element;
            const std::uint64_t last = (offset + out.size() + m_element - 1) / m_element;
            const auto bytes = reader.bytes(first, std::min(last - first, kElementsAtOnce));
            const std::size_t length = std::min<std::size_t>(out.size(), bytes.size() - skipped);
            std::memcpy(out.data(), bytes.data() + skipped, length);
            out = out.subspan(length);
            offset += length;
        }
    }

private:
    static constexpr std::uint64_t kElementsAtOnce = 1ull << 18;

    TensorInfo m_view;
    std::uint64_t m_element, m_size;
};

} // namespace

std::shared_ptr<const TensorInfo> reshapedView(const TensorInfo &view, Shape shape)
{
    if (elementCount(shape) != view.count())
        throw ParseError("a tensor cannot have a shape of another number of elements");
    TensorInfo out = view;
    out.shape = std::move(shape);
    out.strides.clear();
    if (view.isContiguous() || !view.readable() || dtypeBits(view.dtype) % 8 != 0 || view.count() == 0)
        return std::make_shared<const TensorInfo>(std::move(out));
    out.firstElement = 0;
    out.storage = {};
    out.storage.bytes = view.count() * (dtypeBits(view.dtype) / 8);
    out.storage.source = std::make_shared<RowMajorSource>(view);
    return std::make_shared<const TensorInfo>(std::move(out));
}

} // namespace quantscope
