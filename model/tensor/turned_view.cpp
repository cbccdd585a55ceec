#include "tensor/turned_view.h"

#include "base/checked.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quantscope {

namespace {

/// The bytes of a tensor of blocks of rows, with the rows of each block from the last to the first.
class TurnedRows final : public ByteSource {
public:
    TurnedRows(TensorInfo tensor, std::uint64_t rowBytes, std::uint64_t rows)
        : m_tensor(std::move(tensor))
        , m_row(rowBytes)
        , m_rows(rows)
        , m_begin(checkedMul(m_tensor.firstElement, dtypeBits(m_tensor.dtype) / 8, "the tensor's offset"))
        , m_size(m_tensor.count() * (dtypeBits(m_tensor.dtype) / 8))
    {
    }

    std::uint64_t size() const override { return m_size; }

    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_size || out.size() > m_size - offset)
            throw ParseError("bytes behind the end of a tensor are asked");
        std::vector<std::byte> rows;
        while (!out.empty()) {
            const std::uint64_t row = offset / m_row, skipped = offset % m_row, inBlock = row % m_rows;
            const std::uint64_t wanted = (skipped + out.size() + m_row - 1) / m_row;
            const std::uint64_t most = std::max<std::uint64_t>(kBytesAtOnce / m_row, 1);
            const std::uint64_t count = std::min({wanted, m_rows - inBlock, most});
            rows.resize(count * m_row);
            readRows(row - inBlock + (m_rows - inBlock - count), rows);
            for (std::uint64_t first = 0, last = count - 1; first < last; ++first, --last)
                std::swap_ranges(rows.begin() + at(first), rows.begin() + at(first + 1), rows.begin() + at(last));
            const std::size_t length = std::min<std::size_t>(out.size(), rows.size() - skipped);
            std::memcpy(out.data(), rows.data() + skipped, length);
            out = out.subspan(length);
            offset += length;
        }
    }

private:
    static constexpr std::uint64_t kBytesAtOnce = 1ull << 20;

    std::ptrdiff_t at(std::uint64_t row) const { return static_cast<std::ptrdiff_t>(row * m_row); }

    void readRows(std::uint64_t first, std::span<std::byte> out) const
    {
        const Storage &storage = m_tensor.storage;
        const std::uint64_t begin = checkedAdd(m_begin, first * m_row, "the tensor's offset");
        if (begin > storage.bytes || out.size() > storage.bytes - begin)
            throw ParseError("the tensor reaches behind the end of its storage");
        storage.source->read(checkedAdd(storage.offset, begin, "the storage's offset"), out);
    }

    TensorInfo m_tensor;
    std::uint64_t m_row, m_rows, m_begin, m_size;
};

std::uint64_t productOf(std::span<const std::int64_t> sizes)
{
    std::uint64_t out = 1;
    for (const std::int64_t size : sizes)
        out = checkedMul(out, static_cast<std::uint64_t>(size), "a shape");
    return out;
}

} // namespace

std::shared_ptr<const TensorInfo> turnedView(const TensorInfo &tensor, std::size_t first, std::size_t last)
{
    if (!tensor.readable() || tensor.count() == 0)
        return std::make_shared<const TensorInfo>(tensor);
    const std::span<const std::int64_t> shape = tensor.shape;
    const std::uint64_t rows = productOf(shape.subspan(first, last - first)), inner = productOf(shape.subspan(last));
    TensorInfo out = tensor;
    out.firstElement = 0;
    out.storage.source = std::make_shared<TurnedRows>(tensor, inner * (dtypeBits(tensor.dtype) / 8), rows);
    out.storage.offset = 0;
    out.storage.bytes = out.storage.source->size();
    out.storage.id = 0;
    return std::make_shared<const TensorInfo>(std::move(out));
}

} // namespace quantscope
