#include "tensor/tensor.h"

#include "base/checked.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tensor/element.h"
#include "tensor/gather.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace quantscope {

namespace {

// A strided view up to this size is read once, whole; a larger one in bands of this size.
constexpr std::uint64_t kWholeView = 64ull << 20;
constexpr std::uint64_t kFewOfLargeView = 256; ///< are read one by one
constexpr std::uint64_t kSmallWindow = 4096;
constexpr std::uint64_t kChunk = 1ull << 16;

template <class T> T load(const std::byte *at)
{
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
}

std::uint64_t loadPattern(const std::byte *at, unsigned bytes)
{
    std::uint64_t value = 0;
    std::memcpy(&value, at, std::min(bytes, 8u));
    return value;
}

template <class T, class Out> void convert(std::span<const std::byte> raw, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(load<T>(raw.data() + i * sizeof(T)));
}

/// The types that fill real models, without a switch per element. False: take the general way.
template <class Out> bool convertCommon(DType dtype, std::span<const std::byte> raw, std::span<Out> out)
{
    switch (dtype) {
    case DType::Int8:
    case DType::QInt8: convert<std::int8_t>(raw, out); return true;
    case DType::UInt8:
    case DType::QUInt8: convert<std::uint8_t>(raw, out); return true;
    case DType::Int16: convert<std::int16_t>(raw, out); return true;
    case DType::UInt16: convert<std::uint16_t>(raw, out); return true;
    case DType::Int32:
    case DType::QInt32: convert<std::int32_t>(raw, out); return true;
    case DType::UInt32: convert<std::uint32_t>(raw, out); return true;
    case DType::Int64: convert<std::int64_t>(raw, out); return true;
    default: return false;
    }
}

} // namespace

std::uint64_t elementCount(std::span<const std::int64_t> shape, const Limits &limits)
{
    if (shape.size() > limits.rank)
        throw ParseError(fmt::format("a tensor of {} axes is beyond the limit of {}", shape.size(), limits.rank));
    std::uint64_t count = 1;
    bool empty = false;
    for (const std::int64_t size : shape) {
        if (size < 0)
            throw ParseError(fmt::format("a shape has the negative axis {}", size));
        empty = empty || size == 0;
        // A zero axis must not hide an absurd one: multiply as if it were 1.
        count = checkedMul(count, size == 0 ? 1 : static_cast<std::uint64_t>(size), "the element count of a shape");
        if (count > limits.elements)
            throw ParseError(fmt::format(
                "the element count of a shape ({}) is beyond the limit of {}", shapeText(shape), limits.elements));
    }
    return empty ? 0 : count;
}

std::vector<std::int64_t> contiguousStrides(std::span<const std::int64_t> shape)
{
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        strides[i] = step;
        step *= std::max<std::int64_t>(shape[i], 1);
    }
    return strides;
}

std::uint64_t TensorInfo::count() const
{
    try {
        return elementCount(shape);
    } catch (const ParseError &) {
        return 0;
    }
}

bool TensorInfo::isContiguous() const
{
    if (strides.empty())
        return true;
    const auto expected = contiguousStrides(shape);
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] > 1 && strides[i] != expected[i])
            return false;
    return true;
}

TensorReader::TensorReader(const TensorInfo &tensor)
    : m_tensor(tensor)
    , m_count(elementCount(tensor.shape))
    , m_bits(dtypeBits(tensor.dtype))
    , m_contiguous(tensor.isContiguous())
{
    if (!tensor.readable())
        throw ParseError(tensor.problem.empty() ? "the tensor has no data" : tensor.problem);
    if (m_bits == 0)
        throw ParseError("the element type is not known");
}

void TensorReader::requireRange(std::uint64_t begin, std::uint64_t count) const
{
    if (begin > m_count || count > m_count - begin)
        throw ParseError(fmt::format("elements {} to {} are asked of {}", begin, begin + count, m_count));
}

void TensorReader::readStorage(std::uint64_t offset, std::span<std::byte> out) const
{
    const Storage &storage = m_tensor.storage;
    if (offset > storage.bytes || out.size() > storage.bytes - offset)
        throw ParseError(
            fmt::format("the tensor reaches to byte {} of a storage of {}", offset + out.size(), storage.bytes),
            storage.offset);
    storage.source->read(storage.offset + offset, out);
    if (!storage.bigEndian)
        return;
    // torch swaps by the storage's element size; complex numbers are two of half the size.
    const bool complex = m_tensor.dtype == DType::Complex64 || m_tensor.dtype == DType::Complex128;
    const std::size_t unit = std::max<std::size_t>(1, (complex ? m_bits / 2 : m_bits) / 8);
    for (std::size_t i = 0; i + unit <= out.size(); i += unit)
        std::reverse(out.begin() + static_cast<std::ptrdiff_t>(i), out.begin() + static_cast<std::ptrdiff_t>(i + unit));
}

std::span<const std::byte> TensorReader::contiguousBytes(std::uint64_t begin, std::uint64_t count)
{
    const std::uint64_t first = checkedAdd(m_tensor.firstElement, begin, "the tensor's offset");
    const std::uint64_t offset = checkedMul(first, m_bits / 8, "the tensor's offset");
    m_elements.resize(checkedMul(count, m_bits / 8, "the tensor's size"));
    readStorage(offset, m_elements);
    return m_elements;
}

std::uint64_t TensorReader::storageElement(std::uint64_t flat) const
{
    std::uint64_t element = m_tensor.firstElement;
    if (m_contiguous)
        return checkedAdd(element, flat, "the tensor's offset");
    for (std::size_t axis = m_tensor.shape.size(); axis-- > 0;) {
        const auto size = static_cast<std::uint64_t>(m_tensor.shape[axis]);
        const std::uint64_t step
            = checkedMul(flat % size, narrow<std::uint64_t>(m_tensor.strides[axis], "a stride"), "a stride");
        element = checkedAdd(element, step, "the tensor's offset");
        flat /= size;
    }
    return element;
}

std::span<const std::byte> TensorReader::storageBytes(std::uint64_t offset, std::uint64_t length)
{
    const bool inside = offset >= m_windowBegin && offset - m_windowBegin + length <= m_window.size();
    if (!inside) {
        const std::uint64_t total = m_tensor.storage.bytes;
        const bool whole = total <= kWholeView;
        m_windowBegin = whole ? 0 : offset / 8 * 8;
        const std::uint64_t rest = total > m_windowBegin ? total - m_windowBegin : 0;
        m_window.resize(whole ? total : std::min(rest, std::max(kSmallWindow, length + 8)));
        readStorage(m_windowBegin, m_window);
    }
    if (offset < m_windowBegin || length > m_window.size() || offset - m_windowBegin > m_window.size() - length)
        throw ParseError(
            fmt::format("the tensor reaches to byte {} of a storage of {}", offset + length, m_tensor.storage.bytes),
            m_tensor.storage.offset);
    return std::span(m_window).subspan(offset - m_windowBegin, length);
}

/// Of a large view the window is a band of it, and begins at an element.
std::span<const std::byte> TensorReader::stridedBytes(std::uint64_t begin, std::uint64_t count)
{
    const std::size_t size = m_bits / 8;
    m_elements.resize(checkedMul(count, size, "the tensor's size"));
    const bool large = m_tensor.storage.bytes > kWholeView;
    for (std::uint64_t i = 0; i < count;) {
        const std::span to = std::span(m_elements).subspan(i * size);
        const std::uint64_t held = m_window.size() / size, at = begin + i - m_windowBegin;
        if (large && begin + i >= m_windowBegin && at < held) {
            const std::uint64_t run = std::min(count - i, held - at);
            std::memcpy(to.data(), m_window.data() + at * size, run * size);
            i += run;
        } else if (large && count - i > kFewOfLargeView) {
            const GatherBand band
                = bandAround(m_tensor.shape, begin + i, std::max<std::uint64_t>(kWholeView / size, 1));
            m_windowBegin = m_count; // holds nothing where reading fails
            m_window.resize(band.count * size);
            gatherBand(
                m_tensor, band, [&](auto offset, auto out) { readStorage(offset, out); }, m_window);
            m_windowBegin = band.begin;
        } else {
            const std::uint64_t offset = checkedMul(storageElement(begin + i), size, "the tensor's offset");
            if (large)
                readStorage(offset, to.first(size));
            else
                std::memcpy(to.data(), storageBytes(offset, size).data(), size);
            ++i;
        }
    }
    return m_elements;
}

std::span<const std::byte> TensorReader::bytes(std::uint64_t begin, std::uint64_t count)
{
    requireRange(begin, count);
    if (m_bits < 8)
        throw ParseError("packed elements have no bytes of their own");
    if (count == 0)
        return {};
    return m_contiguous ? contiguousBytes(begin, count) : stridedBytes(begin, count);
}

void TensorReader::patterns(std::uint64_t begin, std::span<std::uint64_t> out)
{
    requireRange(begin, out.size());
    if (m_bits >= 8) {
        const auto raw = bytes(begin, out.size());
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = loadPattern(raw.data() + i * (m_bits / 8), m_bits / 8);
        return;
    }
    // Sub-byte codes are packed flat over the whole storage, low bits first (ONNX and torch agree).
    const std::uint64_t perByte = 8 / m_bits;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t element = storageElement(begin + i);
        const auto byte = std::to_integer<std::uint64_t>(storageBytes(element / perByte, 1)[0]);
        out[i] = (byte >> (m_bits * (element % perByte))) & ((1u << m_bits) - 1);
    }
}

void TensorReader::floats(std::uint64_t begin, std::span<float> out)
{
    requireRange(begin, out.size());
    const DType dtype = m_tensor.dtype;
    if (dtype == DType::Float32 && m_contiguous && !out.empty()) {
        const std::uint64_t first = checkedAdd(m_tensor.firstElement, begin, "the tensor's offset");
        readStorage(checkedMul(first, 4, "the tensor's offset"), std::as_writable_bytes(out));
        return;
    }
    if (dtype == DType::Complex64 || dtype == DType::Complex128)
        throw ParseError("complex numbers are not quantized weights");
    std::vector<std::uint64_t> raw;
    for (std::size_t at = 0; at < out.size(); at += kChunk) {
        const auto part = out.subspan(at, std::min<std::size_t>(kChunk, out.size() - at));
        if (m_bits >= 8 && convertCommon(dtype, bytes(begin + at, part.size()), part))
            continue;
        raw.resize(part.size());
        patterns(begin + at, raw);
        for (std::size_t i = 0; i < part.size(); ++i)
            part[i] = elementToFloat(dtype, raw[i]);
    }
}

void TensorReader::integers(std::uint64_t begin, std::span<std::int64_t> out)
{
    requireRange(begin, out.size());
    if (!isInteger(m_tensor.dtype))
        throw ParseError(fmt::format("integers are asked of a tensor of {}", dtypeName(m_tensor.dtype)));
    std::vector<std::uint64_t> raw;
    for (std::size_t at = 0; at < out.size(); at += kChunk) {
        const auto part = out.subspan(at, std::min<std::size_t>(kChunk, out.size() - at));
        if (m_bits >= 8 && convertCommon(m_tensor.dtype, bytes(begin + at, part.size()), part))
            continue;
        raw.resize(part.size());
        patterns(begin + at, raw);
        for (std::size_t i = 0; i < part.size(); ++i)
            part[i] = elementToInteger(m_tensor.dtype, raw[i]);
    }
}

std::vector<float> readFloats(const TensorInfo &tensor, std::uint64_t maxElements)
{
    const std::uint64_t count = elementCount(tensor.shape);
    if (count > maxElements)
        throw ParseError(fmt::format("{} elements are more than the {} that are read at once", count, maxElements));
    TensorReader reader(tensor);
    std::vector<float> out(count);
    reader.floats(0, out);
    return out;
}

std::vector<std::int64_t> readIntegers(const TensorInfo &tensor, std::uint64_t maxElements)
{
    const std::uint64_t count = elementCount(tensor.shape);
    if (count > maxElements)
        throw ParseError(fmt::format("{} elements are more than the {} that are read at once", count, maxElements));
    TensorReader reader(tensor);
    std::vector<std::int64_t> out(count);
    reader.integers(0, out);
    return out;
}

std::string tensorSha256(const TensorInfo &tensor)
{
    TensorReader reader(tensor);
    const std::uint64_t count = elementCount(tensor.shape);
    const unsigned bits = dtypeBits(tensor.dtype);
    Sha256 hash;
    if (bits >= 8) {
        for (std::uint64_t at = 0; at < count; at += kChunk)
            hash.add(reader.bytes(at, std::min(kChunk, count - at)));
        return hash.finish();
    }
    // torch shows the codes of its packed types one a byte; ONNX packs its own.
    const bool unpacked = tensor.dtype == DType::QUInt4x2 || tensor.dtype == DType::QUInt2x4;
    const std::uint64_t perByte = unpacked ? 1 : 8 / bits;
    std::vector<std::uint64_t> codes;
    std::vector<std::byte> packed;
    for (std::uint64_t at = 0; at < count; at += kChunk) {
        codes.resize(std::min(kChunk, count - at));
        reader.patterns(at, codes);
        packed.assign((codes.size() + perByte - 1) / perByte, std::byte{0});
        for (std::size_t i = 0; i < codes.size(); ++i)
            packed[i / perByte] |= static_cast<std::byte>(codes[i] << (bits * (i % perByte)));
        hash.add(packed);
    }
    return hash.finish();
}

} // namespace quantscope
