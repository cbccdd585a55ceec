#include "formats/onnx/wire.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

constexpr std::uint64_t kSmallestRead = 4096;
constexpr std::uint64_t kLargestRead = 256 * 1024;
/// Groups are deprecated and occur in no ONNX writer; protobuf itself stops at 100 levels.
constexpr std::size_t kGroupDepth = 100;
/// protobuf's field numbers have 29 bits.
constexpr std::uint64_t kLargestFieldNumber = (1u << 29) - 1;

} // namespace

void WireWindow::load(std::uint64_t offset)
{
    if (offset >= m_size)
        throw ParseError("ends early", offset);
    const bool sequential = offset == m_begin + m_buffer.size();
    m_next = sequential ? std::min(m_next * 2, kLargestRead) : kSmallestRead;
    m_buffer.resize(std::min(m_next, m_size - offset));
    m_begin = offset;
    m_source.read(offset, m_buffer);
}

std::uint64_t WireWindow::fixedAt(std::uint64_t offset, unsigned count)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i)
        value |= static_cast<std::uint64_t>(byteAt(offset + i)) << (8 * i);
    return value;
}

std::string WireWindow::text(Range range)
{
    std::string out(range.size(), '\0');
    if (range.begin >= m_begin && range.end <= m_begin + m_buffer.size()) {
        std::memcpy(out.data(), m_buffer.data() + (range.begin - m_begin), out.size());
    } else if (range.size() <= kSmallestRead) {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<char>(byteAt(range.begin + i));
    } else {
        m_source.read(range.begin, {reinterpret_cast<std::byte *>(out.data()), out.size()});
    }
    return out;
}

std::uint64_t FieldWalker::varint()
{
    std::uint64_t value = 0;
    const std::uint64_t start = m_at;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (m_at >= m_end)
            throw ParseError("a number ends early", start);
        const std::uint8_t byte = m_window.byteAt(m_at++);
        if (shift < 64)
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    throw ParseError("a number has more than ten bytes", start);
}

std::uint64_t FieldWalker::fixed(unsigned count)
{
    if (m_end - m_at < count)
        throw ParseError(fmt::format("a number of {} bytes ends early", count), m_at);
    const std::uint64_t value = m_window.fixedAt(m_at, count);
    m_at += count;
    return value;
}

std::uint32_t FieldWalker::tag(WireType &type)
{
    const std::uint64_t start = m_at;
    const std::uint64_t key = varint();
    const std::uint64_t number = key >> 3;
    const auto wire = static_cast<unsigned>(key & 7);
    if (number == 0 || number > kLargestFieldNumber)
        throw ParseError(fmt::format("is not a protocol buffer: field number {}", number), start);
    if (wire > 5)
        throw ParseError(fmt::format("is not a protocol buffer: wire type {}", wire), start);
    type = static_cast<WireType>(wire);
    return static_cast<std::uint32_t>(number);
}

void FieldWalker::readValue(Field &field)
{
    switch (field.type) {
    case WireType::Varint: field.value = varint(); return;
    case WireType::Fixed64: field.value = fixed(8); return;
    case WireType::Fixed32: field.value = fixed(4); return;
    case WireType::Bytes: break;
    case WireType::GroupBegin:
    case WireType::GroupEnd: return;
    }
    const std::uint64_t start = m_at;
    const std::uint64_t length = varint();
    if (length > m_end - m_at)
        throw ParseError(
            fmt::format("field {} is {} bytes long, but only {} are left", field.number, length, m_end - m_at), start);
    field.bytes = {m_at, m_at + length};
    m_at += length;
}

bool FieldWalker::next(Field &field)
{
    while (m_at != m_end) {
        const std::uint64_t start = m_at;
        field.number = tag(field.type);
        if (field.type == WireType::GroupEnd)
            throw ParseError("a group ends that never began", start);
        if (field.type == WireType::GroupBegin) {
            skipGroup(field.number);
            continue;
        }
        readValue(field);
        return true;
    }
    return false;
}

void FieldWalker::skipGroup(std::uint32_t number)
{
    const std::uint64_t start = m_at;
    std::vector<std::uint32_t> open{number};
    Field field;
    while (!open.empty()) {
        if (m_at == m_end)
            throw ParseError("a group never ends", start);
        field.number = tag(field.type);
        if (field.type == WireType::GroupBegin) {
            if (open.size() == kGroupDepth)
                throw ParseError("groups are nested too deep", m_at);
            open.push_back(field.number);
        } else if (field.type == WireType::GroupEnd) {
            if (open.back() != field.number)
                throw ParseError("a group ends that never began", m_at);
            open.pop_back();
        } else {
            readValue(field);
        }
    }
}

} // namespace quantscope::onnx
