#pragma once

#include "base/error.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace quantscope {

/// Walks bytes in memory; every read is bounds-checked and throws ParseError with the file's own offset.
/// Integers are little-endian.
class Cursor {
public:
    explicit Cursor(std::span<const std::byte> bytes, std::uint64_t fileOffset = 0)
        : m_bytes(bytes)
        , m_base(fileOffset)
    {
    }

    std::uint64_t position() const { return m_at; }
    std::uint64_t offset() const { return m_base + m_at; }
    std::uint64_t remaining() const { return m_bytes.size() - m_at; }
    bool atEnd() const { return m_at == m_bytes.size(); }

    std::span<const std::byte> take(std::uint64_t count)
    {
        if (count > remaining())
            fail(count);
        const auto out = m_bytes.subspan(m_at, count);
        m_at += count;
        return out;
    }
    std::string_view takeText(std::uint64_t count)
    {
        const auto bytes = take(count);
        return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    }
    void skip(std::uint64_t count) { take(count); }
    void seek(std::uint64_t position)
    {
        m_at = 0;
        take(position);
    }
    template <class T> T number()
    {
        T value{};
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }
    std::uint8_t u8() { return number<std::uint8_t>(); }
    std::uint16_t u16() { return number<std::uint16_t>(); }
    std::uint32_t u32() { return number<std::uint32_t>(); }
    std::uint64_t u64() { return number<std::uint64_t>(); }

private:
    [[noreturn]] void fail(std::uint64_t count) const;

    std::span<const std::byte> m_bytes;
    std::uint64_t m_base = 0;
    std::uint64_t m_at = 0;
};

} // namespace quantscope
