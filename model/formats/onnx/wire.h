#pragma once

#include "base/byte_source.h"

#include <cstdint>
#include <string>
#include <vector>

namespace quantscope::onnx {

/// Bytes [begin, end) of the file.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t size() const { return end - begin; }
};

/// A message is one range, or several when a writer split it: protobuf merges sub-messages that occur twice.
using Message = std::vector<Range>;

/// Protocol buffers' wire types (encoding specification, "Message structure").
enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, GroupBegin = 3, GroupEnd = 4, Fixed32 = 5 };

struct Field {
    std::uint32_t number = 0;
    WireType type = WireType::Varint;
    std::uint64_t value = 0; ///< varint and fixed types
    Range bytes; ///< length-delimited types

    bool is(std::uint32_t wantedNumber, WireType wantedType) const
    {
        return number == wantedNumber && type == wantedType;
    }
    bool isVarint(std::uint32_t wanted) const { return is(wanted, WireType::Varint); }
    bool isBytes(std::uint32_t wanted) const { return is(wanted, WireType::Bytes); }
};

/// Small reads at rising offsets, through one buffer. It starts at a page and doubles while reading stays sequential:
/// jumping over the raw data of a 3 GB file costs one small pread a tensor, walking ten thousand nodes one pread per
/// 256 KiB.
class WireWindow {
public:
    explicit WireWindow(const ByteSource &source)
        : m_source(source)
        , m_size(source.size())
    {
    }

    std::uint64_t size() const { return m_size; }
    std::uint8_t byteAt(std::uint64_t offset)
    {
        if (offset < m_begin || offset - m_begin >= m_buffer.size())
            load(offset);
        return static_cast<std::uint8_t>(m_buffer[offset - m_begin]);
    }
    /// `count` <= 8 bytes, little-endian.
    std::uint64_t fixedAt(std::uint64_t offset, unsigned count);
    std::string text(Range range);

private:
    void load(std::uint64_t offset);

    const ByteSource &m_source;
    std::uint64_t m_size = 0;
    std::uint64_t m_begin = 0;
    std::uint64_t m_next = 4096; ///< bytes of the next read
    std::vector<std::byte> m_buffer;
};

/// Walks the fields of one range. Unknown fields need no care of the caller, groups are skipped here. Throws ParseError
/// with the offset: a varint of more than ten bytes, field number 0, wire types 6 and 7, a length past the end, an
/// unclosed group.
class FieldWalker {
public:
    FieldWalker(WireWindow &window, Range range)
        : m_window(window)
        , m_at(range.begin)
        , m_end(range.end)
    {
    }

    bool next(Field &field);
    bool atEnd() const { return m_at == m_end; }
    std::uint64_t offset() const { return m_at; }
    /// For packed repeated scalars: the range holds nothing but values.
    std::uint64_t varint();
    std::uint64_t fixed(unsigned count);

private:
    std::uint32_t tag(WireType &type);
    void readValue(Field &field);
    void skipGroup(std::uint32_t number);

    WireWindow &m_window;
    std::uint64_t m_at;
    std::uint64_t m_end;
};

/// Calls `visit(field)` for every field of a message, whatever ranges it lies in.
template <class Visit> void forEachField(WireWindow &window, const Message &message, const Visit &visit)
{
    Field field;
    for (const Range &range : message)
        for (FieldWalker walker(window, range); walker.next(field);)
            visit(field);
}

/// Calls `add(value)` for a repeated varint field, packed or not.
template <class Add> void forEachVarint(WireWindow &window, const Field &field, const Add &add)
{
    if (field.type == WireType::Varint)
        add(field.value);
    if (field.type != WireType::Bytes)
        return;
    for (FieldWalker walker(window, field.bytes); !walker.atEnd();)
        add(walker.varint());
}

/// The same for a repeated fixed32 (count 4) or fixed64 (count 8) field.
template <class Add> void forEachFixed(WireWindow &window, const Field &field, unsigned count, const Add &add)
{
    if (field.type == (count == 4 ? WireType::Fixed32 : WireType::Fixed64))
        add(field.value);
    if (field.type != WireType::Bytes)
        return;
    for (FieldWalker walker(window, field.bytes); !walker.atEnd();)
        add(walker.fixed(count));
}

} // namespace quantscope::onnx
