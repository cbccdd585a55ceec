#include "formats/torch/flipped_source.h"

#include <algorithm>

namespace quantscope {

namespace {

class FlippedSource final : public ByteSource {
public:
    FlippedSource(Storage storage, DType dtype, Flip flip)
        : m_storage(std::move(storage))
        , m_element(dtypeBits(dtype) / 8)
        , m_isInteger(isInteger(dtype))
        , m_isComplex(dtype == DType::Complex64 || dtype == DType::Complex128)
        , m_flip(flip)
    {
    }

    std::uint64_t size() const override { return m_storage.bytes; }

    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > size() || out.size() > size() - offset)
            throw ParseError("ends early", offset);
        // Whole elements around the wanted bytes: a sign cannot be changed in half a number.
        const std::uint64_t begin = offset / m_element * m_element;
        const std::uint64_t end = std::min(size(), (offset + out.size() + m_element - 1) / m_element * m_element);
        std::vector<std::byte> elements = m_storage.source->bytes(m_storage.offset + begin, end - begin);
        for (std::size_t at = 0; at + m_element <= elements.size(); at += m_element)
            flipElement(std::span(elements).subspan(at, m_element));
        const auto from = elements.begin() + static_cast<std::ptrdiff_t>(offset - begin);
        std::copy(from, from + static_cast<std::ptrdiff_t>(out.size()), out.begin());
    }

private:
    void flipElement(std::span<std::byte> element) const
    {
        if (!m_isComplex)
            return flipNumber(element);
        if (m_flip == Flip::Negative)
            flipNumber(element.first(element.size() / 2));
        flipNumber(element.subspan(element.size() / 2));
    }

    void flipNumber(std::span<std::byte> number) const
    {
        const auto byteAt
            = [&](std::size_t i) -> std::byte & { return number[m_storage.bigEndian ? number.size() - 1 - i : i]; };
        if (!m_isInteger) {
            byteAt(number.size() - 1) ^= std::byte{0x80};
            return;
        }
        unsigned carry = 1; // two's complement
        for (std::size_t i = 0; i < number.size(); ++i) {
            carry += ~std::to_integer<unsigned>(byteAt(i)) & 0xFF;
            byteAt(i) = static_cast<std::byte>(carry & 0xFF);
            carry >>= 8;
        }
    }

    Storage m_storage;
    std::size_t m_element;
    bool m_isInteger;
    bool m_isComplex;
    Flip m_flip;
};

} // namespace

Storage flipped(const Storage &storage, DType dtype, Flip flip)
{
    const bool isComplex = dtype == DType::Complex64 || dtype == DType::Complex128;
    const bool isWhole = dtypeBits(dtype) % 8 == 0 && dtypeBits(dtype) > 0 && dtype != DType::Bool;
    if (!isWhole || (flip == Flip::Conjugate && !isComplex))
        return storage;
    Storage out = storage;
    out.source = std::make_shared<FlippedSource>(storage, dtype, flip);
    out.offset = 0;
    out.id = 0; // its values are not those of the storage's other views
    return out;
}

} // namespace quantscope
