#include "formats/numpy/npy_header.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/parse_number.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kBeforeLength = 8;
/// 64 axes of 20 digits are 1.5 KB; a header of records may have more, and those are not read.
constexpr std::uint64_t kMostHeader = 64 << 10;

struct Described {
    std::string_view letters;
    DType type;
};

constexpr Described kTypes[] = {{"f2", DType::Float16}, {"f4", DType::Float32}, {"f8", DType::Float64},
    {"i1", DType::Int8}, {"i2", DType::Int16}, {"i4", DType::Int32}, {"i8", DType::Int64}, {"u1", DType::UInt8},
    {"u2", DType::UInt16}, {"u4", DType::UInt32}, {"u8", DType::UInt64}, {"b1", DType::Bool}, {"c8", DType::Complex64},
    {"c16", DType::Complex128}};

/// The dict literal of a header: three keys with a text, a boolean and a tuple of integers.
class LiteralParser {
public:
    LiteralParser(std::string_view text, std::uint64_t offset, const Limits &limits)
        : m_text(text)
        , m_offset(offset)
        , m_limits(limits)
    {
    }

    NpyHeader parse()
    {
        expect('{');
        while (!accept('}')) {
            member();
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skipSpace();
        if (m_at != m_text.size())
            fail("goes on behind its dict");
        if (!m_hasType || !m_hasOrder || !m_hasShape)
            fail("has no 'descr', no 'fortran_order' or no 'shape'");
        return std::move(m_header);
    }

private:
    [[noreturn]] void fail(std::string_view why) const
    {
        throw ParseError(fmt::format("its NumPy header {}", why), m_offset + m_at);
    }
    void skipSpace()
    {
        while (m_at < m_text.size() && std::string_view(" \t\r\n").find(m_text[m_at]) != std::string_view::npos)
            ++m_at;
    }
    bool accept(char wanted)
    {
        skipSpace();
        const bool is = m_at < m_text.size() && m_text[m_at] == wanted;
        m_at += is ? 1 : 0;
        return is;
    }
    void expect(char wanted)
    {
        if (!accept(wanted))
            fail(fmt::format("has no '{}' where one belongs", wanted));
    }
    bool acceptWord(std::string_view word)
    {
        skipSpace();
        const bool is = m_text.substr(m_at).starts_with(word);
        m_at += is ? word.size() : 0;
        return is;
    }

    std::string_view text()
    {
        skipSpace();
        const char quote = m_at < m_text.size() ? m_text[m_at] : '\0';
        if (quote != '\'' && quote != '"')
            fail("has no text where one belongs");
        const std::size_t end = m_text.find(quote, m_at + 1);
        if (end == std::string_view::npos)
            fail("has a text without an end");
        const std::string_view out = m_text.substr(m_at + 1, end - m_at - 1);
        m_at = end + 1;
        return out;
    }

    void member()
    {
        const std::string_view key = text();
        expect(':');
        bool *seen = key == "descr"  ? &m_hasType
            : key == "fortran_order" ? &m_hasOrder
            : key == "shape"         ? &m_hasShape
                                     : nullptr;
        if (seen == nullptr || std::exchange(*seen, true))
            fail(fmt::format("has a key '{}' too many", printable(key.substr(0, 40))));
        if (key == "descr")
            description();
        else if (key == "shape")
            shape();
        else if (acceptWord("True"))
            m_header.fortranOrder = true;
        else if (!acceptWord("False"))
            fail("has a 'fortran_order' that is neither True nor False");
    }

    void description()
    {
        skipSpace();
        if (m_at < m_text.size() && (m_text[m_at] == '[' || m_text[m_at] == '('))
            fail("describes an array of records, which is not read: write their fields as arrays of their own");
        const std::string_view word = text();
        std::string_view letters = word;
        const char order = word.empty() ? '\0' : word[0];
        if (order == '<' || order == '>' || order == '|')
            letters.remove_prefix(1);
        if (letters.starts_with('O'))
            fail("describes an array of Python objects, a pickle, which is not read");
        const auto found = std::ranges::find(kTypes, letters, &Described::letters);
        if (found == std::end(kTypes))
            fail(fmt::format(
                "describes elements '{}', which are no numbers that QuantScope knows", printable(word.substr(0, 40))));
        m_header.dtype = found->type;
        m_header.bigEndian = order == '>';
    }

    void shape()
    {
        expect('(');
        while (!accept(')')) {
            skipSpace();
            const std::size_t end = std::min(m_text.find_first_not_of("0123456789", m_at), m_text.size());
            const auto number = parseNumber<std::int64_t>(m_text.substr(m_at, end - m_at));
            if (!number)
                fail("has a shape that is no tuple of integers of zero or more");
            m_at = end;
            acceptWord("L"); // Python 2
            m_header.shape.push_back(*number);
            if (m_header.shape.size() > m_limits.rank)
                fail(fmt::format("has more than {} axes", m_limits.rank));
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
    }

    std::string_view m_text;
    std::uint64_t m_offset;
    const Limits &m_limits;
    std::size_t m_at = 0;
    NpyHeader m_header;
    bool m_hasType = false, m_hasOrder = false, m_hasShape = false;
};

std::vector<std::byte> read(const Storage &storage, std::uint64_t from, std::uint64_t count)
{
    if (from > storage.bytes || count > storage.bytes - from)
        throw ParseError(fmt::format("its NumPy header needs {} bytes and {} are left: the file was cut off", count,
                             from > storage.bytes ? 0 : storage.bytes - from),
            storage.offset);
    return storage.source->bytes(storage.offset + from, count);
}

} // namespace

bool isNpy(std::span<const std::byte> head)
{
    return std::string_view(reinterpret_cast<const char *>(head.data()), head.size()).starts_with(kMagic);
}

NpyHeader readNpyHeader(const Storage &storage, const Limits &limits)
{
    const auto start = read(storage, 0, kBeforeLength);
    if (!isNpy(start))
        throw ParseError("is no NumPy array: it does not begin as one", storage.offset);
    const auto major = std::to_integer<unsigned>(start[6]), minor = std::to_integer<unsigned>(start[7]);
    if (major < 1 || major > 3 || minor != 0)
        throw ParseError(
            fmt::format("has version {}.{} of NumPy's format, only 1.0, 2.0 and 3.0 are known", major, minor),
            storage.offset);
    const std::uint64_t lengthBytes = major == 1 ? 2 : 4;
    const auto lengthField = read(storage, kBeforeLength, lengthBytes);
    Cursor cursor(lengthField);
    const std::uint64_t length = major == 1 ? cursor.u16() : cursor.u32();
    const std::uint64_t begin = kBeforeLength + lengthBytes;
    if (length > kMostHeader)
        throw ParseError(
            fmt::format("claims a NumPy header of {} bytes, more than the {} that are read", length, kMostHeader),
            storage.offset);
    const auto text = read(storage, begin, length);
    NpyHeader header
        = LiteralParser({reinterpret_cast<const char *>(text.data()), text.size()}, storage.offset + begin, limits)
              .parse();
    header.dataOffset = begin + length;
    return header;
}

TensorInfo npyTensor(const NpyHeader &header, const Storage &storage, const Limits &limits, std::uint64_t &behind)
{
    const std::uint64_t bytes
        = checkedMul(elementCount(header.shape, limits), dtypeBits(header.dtype) / 8, "the array");
    const std::uint64_t left = storage.bytes - header.dataOffset;
    if (bytes > left)
        throw ParseError(fmt::format("its array needs {} bytes and {} are left: the file was cut off", bytes, left),
            storage.offset + header.dataOffset);
    TensorInfo out;
    out.dtype = header.dtype;
    out.shape = header.shape;
    out.storage = storage;
    out.storage.offset += header.dataOffset;
    out.storage.bytes = bytes;
    out.storage.bigEndian = header.bigEndian;
    if (header.fortranOrder && bytes > 0) {
        Shape reversed(header.shape.rbegin(), header.shape.rend());
        out.strides = contiguousStrides(reversed);
        std::ranges::reverse(out.strides);
        if (out.strides == contiguousStrides(out.shape))
            out.strides = {};
    }
    behind = left - bytes;
    return out;
}

} // namespace quantscope
