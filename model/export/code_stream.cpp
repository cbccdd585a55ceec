#include "export/code_stream.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kChunk = 1 << 14;

/// Smallest and largest code of the word; unsigned words of 63 and 64 bits end where our int64 does.
CodeRange wordRange(int width, bool isSigned)
{
    constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
    if (isSigned)
        return width >= 64 ? CodeRange{-kLargest - 1, kLargest}
                           : CodeRange{-(std::int64_t{1} << (width - 1)), (std::int64_t{1} << (width - 1)) - 1};
    return {0, width >= 63 ? kLargest : (std::int64_t{1} << width) - 1};
}

std::uint64_t asUnsigned(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Walks a tensor in source order and tells each element's exported position.
class ExportedPositions {
public:
    ExportedPositions(const Layout &layout, const Shape &shape)
        : m_shape(shape)
        , m_strides(shape.size())
        , m_at(shape.size(), 0)
    {
        const std::vector<std::int64_t> strides = contiguousStrides(layout.dims);
        for (std::size_t k = 0; k < layout.axes.size(); ++k)
            m_strides[layout.axes[k]] = asUnsigned(strides[k]);
    }
    std::uint64_t position() const { return m_position; }
    void next()
    {
        for (std::size_t axis = m_shape.size(); axis-- > 0;) {
            m_position += m_strides[axis];
            if (++m_at[axis] < m_shape[axis])
                return;
            m_position -= m_strides[axis] * asUnsigned(m_shape[axis]);
            m_at[axis] = 0;
        }
    }

private:
    const Shape &m_shape;
    std::vector<std::uint64_t> m_strides;
    std::vector<std::int64_t> m_at;
    std::uint64_t m_position = 0;
};

} // namespace

CodeStream::CodeStream(const ExportArray &array, std::uint64_t blockBytes)
    : m_array(array)
    , m_reader(*array.slot)
{
    const Layout &layout = array.layout;
    m_storesIntegers = array.slot->quantizer->rule == CodeRule::Stored && isInteger(array.slot->tensor->dtype);
    for (std::size_t k = 0; k < layout.axes.size(); ++k)
        m_reorders = m_reorders || layout.axes[k] != k;
    switch (array.containerBits()) {
    case 8: array.isSigned ? void(m_block.emplace<0>()) : void(m_block.emplace<1>()); break;
    case 16: array.isSigned ? void(m_block.emplace<2>()) : void(m_block.emplace<3>()); break;
    case 32: array.isSigned ? void(m_block.emplace<4>()) : void(m_block.emplace<5>()); break;
    default: m_block.emplace<6>();
    }
    const auto size = std::visit([](const auto &codes) { return sizeof(codes[0]); }, m_block);
    m_blockSize = std::max<std::uint64_t>(1, blockBytes / size);
}

std::uint64_t CodeStream::heldBytes() const
{
    return std::visit([](const auto &codes) { return codes.size() * sizeof(codes[0]); }, m_block);
}

void CodeStream::readSource(std::uint64_t begin, std::span<std::int64_t> out)
{
    if (m_storesIntegers) {
        m_reader.integers(begin, out);
    } else {
        m_floats.resize(out.size());
        m_reader.codes(begin, m_floats);
        bool finite = true;
        for (std::size_t i = 0; i < out.size(); ++i) {
            finite &= std::fabs(m_floats[i]) < 0x1p63f;
            out[i] = std::fabs(m_floats[i]) < 0x1p63f ? static_cast<std::int64_t>(m_floats[i]) : 0;
        }
        if (!finite) {
            const auto bad
                = std::find_if(m_floats.begin(), m_floats.end(), [](float c) { return !(std::fabs(c) < 0x1p63f); });
            throw ParseError(fmt::format("element {} has the code {}, which is no integer of {} bits",
                begin + asUnsigned(bad - m_floats.begin()), *bad, m_array.width));
        }
    }
    check(begin, out);
    hash(begin, out);
}

void CodeStream::check(std::uint64_t begin, std::span<const std::int64_t> codes) const
{
    const CodeRange range = wordRange(m_array.width, m_array.isSigned);
    std::int64_t low = 0, high = 0;
    for (const std::int64_t code : codes) {
        low = std::min(low, code);
        high = std::max(high, code);
    }
    if (low >= range.min && high <= range.max)
        return;
    const auto bad
        = std::find_if(codes.begin(), codes.end(), [&](std::int64_t c) { return c < range.min || c > range.max; });
    throw ParseError(fmt::format("element {} has the code {}, which does not fit {} bits {}",
        begin + asUnsigned(bad - codes.begin()), *bad, m_array.width, m_array.isSigned ? "signed" : "unsigned"));
}

void CodeStream::hash(std::uint64_t begin, std::span<const std::int64_t> codes)
{
    if (begin != m_hashed || !m_fits32)
        return;
    m_hashed32.resize(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        m_hashed32[i] = static_cast<std::int32_t>(codes[i]);
        m_fits32 &= m_hashed32[i] == codes[i];
    }
    m_sha.add(std::as_bytes(std::span(m_hashed32)));
    m_hashed += codes.size();
}

std::optional<std::string> CodeStream::sourceHash()
{
    if (!m_fits32 || m_hashed != m_array.count)
        return std::nullopt;
    return m_sha.finish();
}

template <class T> void CodeStream::scatter(std::vector<T> &block)
{
    block.resize(std::min(m_blockSize, m_array.count - m_blockBegin));
    ExportedPositions positions(m_array.layout, m_array.slot->tensor->shape);
    std::vector<std::int64_t> chunk(kChunk);
    for (std::uint64_t begin = 0; begin < m_array.count; begin += kChunk) {
        const auto part = std::span(chunk).first(std::min<std::uint64_t>(kChunk, m_array.count - begin));
        readSource(begin, part);
        for (const std::int64_t code : part) {
            const std::uint64_t at = positions.position() - m_blockBegin; // wraps, and is too large, before the block
            if (at < block.size())
                block[at] = static_cast<T>(code);
            positions.next();
        }
    }
}

void CodeStream::loadBlock(std::uint64_t begin)
{
    m_blockBegin = begin / m_blockSize * m_blockSize;
    std::visit([&](auto &block) { scatter(block); }, m_block);
}

void CodeStream::read(std::uint64_t begin, std::span<std::int64_t> out)
{
    if (!m_reorders)
        return readSource(begin, out);
    while (!out.empty()) {
        const std::uint64_t loaded = std::visit([](const auto &block) { return block.size(); }, m_block);
        if (begin < m_blockBegin || begin - m_blockBegin >= loaded)
            loadBlock(begin);
        const std::size_t taken = std::visit(
            [&](const auto &block) {
                const auto from = std::span(block).subspan(begin - m_blockBegin);
                const std::size_t count = std::min(from.size(), out.size());
                std::copy_n(from.begin(), count, out.begin());
                return count;
            },
            m_block);
        out = out.subspan(taken);
        begin += taken;
    }
}

void CodeStream::readFew(std::uint64_t begin, std::span<std::int64_t> out)
{
    if (!m_reorders)
        return readSource(begin, out);
    const Shape &shape = m_array.slot->tensor->shape;
    std::vector<std::pair<std::uint64_t, std::size_t>> wanted; // source index, place in out
    for (std::size_t i = 0; i < out.size(); ++i)
        wanted.emplace_back(m_array.layout.sourceIndex(begin + i, shape), i);
    std::sort(wanted.begin(), wanted.end());
    std::vector<std::int64_t> run;
    for (std::size_t i = 0; i < wanted.size();) {
        std::size_t end = i + 1;
        while (end < wanted.size() && wanted[end].first == wanted[end - 1].first + 1)
            ++end;
        run.resize(end - i);
        readSource(wanted[i].first, run);
        for (std::size_t k = 0; k < run.size(); ++k)
            out[wanted[i + k].second] = run[k];
        i = end;
    }
}

} // namespace quantscope
