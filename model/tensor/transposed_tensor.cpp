#include "tensor/transposed_tensor.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace quantscope {

namespace {

constexpr std::uint64_t kBandBytes = 4ull << 20;
constexpr std::uint64_t kFewElements = 64; ///< are read one by one, however large the matrix

/// The bytes of a matrix in the order of its transposed.
class TransposedSource final : public ByteSource {
public:
    TransposedSource(
        Storage storage, std::uint64_t first, std::uint64_t rows, std::uint64_t columns, std::uint64_t size)
        : m_storage(std::move(storage))
        , m_first(first)
        , m_rows(rows)
        , m_columns(columns)
        , m_element(size)
    {
    }

    std::uint64_t size() const override { return m_rows * m_columns * m_element; }

    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > size() || out.size() > size() - offset)
            throw ParseError("bytes behind the end of a matrix are asked");
        const bool whole = offset % m_element == 0 && out.size() % m_element == 0;
        if (whole && out.size() / m_element <= kFewElements && m_columns > 1)
            return readElements(offset / m_element, out);
        const std::lock_guard lock(m_mutex);
        const std::uint64_t row = m_rows * m_element; // of the transposed
        while (!out.empty()) {
            const std::uint64_t wanted = offset / row;
            requireBand(wanted);
            const std::uint64_t at = offset - m_bandBegin * row;
            const std::uint64_t length = std::min<std::uint64_t>(out.size(), m_band.size() - at);
            std::memcpy(out.data(), m_band.data() + at, length);
            out = out.subspan(length);
            offset += length;
        }
    }

private:
    void readRun(std::uint64_t row, std::uint64_t column, std::span<std::byte> out) const
    {
        m_storage.source->read(m_storage.offset + (m_first + row * m_columns + column) * m_element, out);
    }

    void readElements(std::uint64_t begin, std::span<std::byte> out) const
    {
        for (std::uint64_t i = 0; i < out.size() / m_element; ++i)
            readRun((begin + i) % m_rows, (begin + i) / m_rows, out.subspan(i * m_element, m_element));
    }

    /// Columns of the matrix from this one on.
    void requireBand(std::uint64_t column) const
    {
        const std::uint64_t row = m_rows * m_element;
        if (column >= m_bandBegin && (column - m_bandBegin) * row < m_band.size())
            return;
        const std::uint64_t width = std::min(std::max<std::uint64_t>(kBandBytes / row, 1), m_columns - column);
        m_band.resize(width * row);
        std::vector<std::byte> run(width * m_element);
        for (std::uint64_t r = 0; r < m_rows; ++r) {
            readRun(r, column, run);
            for (std::uint64_t c = 0; c < width; ++c)
                std::memcpy(m_band.data() + c * row + r * m_element, run.data() + c * m_element, m_element);
        }
        m_bandBegin = column;
    }

    Storage m_storage;
    std::uint64_t m_first, m_rows, m_columns, m_element; ///< of the matrix; the element in bytes
    mutable std::mutex m_mutex;
    mutable std::vector<std::byte> m_band;
    mutable std::uint64_t m_bandBegin = 0;
};

} // namespace

std::shared_ptr<const TensorInfo> transposedTensor(const TensorInfo &matrix)
{
    TensorInfo out = matrix;
    std::ranges::reverse(out.shape);
    const std::uint64_t element = dtypeBits(matrix.dtype) / 8, count = matrix.count();
    const bool inside = element > 0 && matrix.firstElement <= matrix.storage.bytes / element
        && count <= matrix.storage.bytes / element - matrix.firstElement;
    if (!matrix.readable() || !matrix.isContiguous() || count == 0 || !inside || matrix.storage.bigEndian) {
        out.strides = matrix.strides.empty() ? contiguousStrides(matrix.shape) : matrix.strides;
        std::ranges::reverse(out.strides); // reading tells what is wrong with it
        return std::make_shared<const TensorInfo>(std::move(out));
    }
    out.strides.clear();
    out.firstElement = 0;
    out.storage = {};
    out.storage.bytes = count * element;
    out.storage.source = std::make_shared<TransposedSource>(matrix.storage, matrix.firstElement,
        static_cast<std::uint64_t>(matrix.shape[0]), static_cast<std::uint64_t>(matrix.shape[1]), element);
    return std::make_shared<const TensorInfo>(std::move(out));
}

} // namespace quantscope
