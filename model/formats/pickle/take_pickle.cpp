#include "formats/pickle/take_pickle.h"

#include "formats/pickle/pickle_machine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What stands behind an opcode (Python's pickletools).
struct Argument {
    unsigned bytes = 0; ///< of a number
    bool counts = false; ///< the number is the length of what follows
    unsigned lines = 0;
};

struct Opcodes {
    std::string_view opcodes;
    Argument argument;
};

constexpr Opcodes kArguments[]
    = {{"Khq\x80\x82", {1}}, {"M\x83", {2}}, {"Jjr\x84", {4}}, {"G\x95", {8}}, {"UC\x8a\x8c", {1, true}},
        {"TXB\x8b", {4, true}}, {"\x8d\x8e\x96", {8, true}}, {"FILSVPgp", {0, false, 1}}, {"ci", {0, false, 2}}};

constexpr auto kArgumentOf = [] {
    std::array<Argument, 256> table{};
    for (const Opcodes &row : kArguments)
        for (const char opcode : row.opcodes)
            table[static_cast<unsigned char>(opcode)] = row.argument;
    return table;
}();

/// Goes from opcode to opcode and keeps what it went over.
class PickleScanner {
public:
    PickleScanner(const PickleStream &stream, const Limits &limits, Budget &budget)
        : m_stream(stream)
        , m_limits(limits)
        , m_budget(budget)
    {
    }

    std::vector<std::byte> upToStop()
    {
        for (std::uint8_t opcode = next(); opcode != '.'; opcode = next())
            skip(kArgumentOf[opcode]);
        m_bytes.resize(m_at);
        return std::move(m_bytes);
    }

private:
    static constexpr std::uint64_t kFirst = 4096, kMost = 1 << 20;

    void skip(const Argument &argument)
    {
        std::uint64_t number = 0;
        require(argument.bytes);
        std::memcpy(&number, m_bytes.data() + m_at, argument.bytes);
        m_at += argument.bytes;
        if (argument.counts) {
            require(number);
            m_at += number;
        }
        for (unsigned line = 0; line < argument.lines; ++line)
            while (next() != '\n') { }
    }

    std::uint8_t next()
    {
        require(1);
        return std::to_integer<std::uint8_t>(m_bytes[m_at++]);
    }

    /// Makes that many bytes from here on available.
    void require(std::uint64_t count)
    {
        const std::uint64_t have = m_bytes.size() - m_at;
        if (count <= have)
            return;
        const std::uint64_t begin = m_stream.offset + m_bytes.size();
        const std::uint64_t left = m_stream.end - begin, missing = count - have;
        if (missing > left)
            throw ParseError("the pickle has no end: it was cut off", begin);
        const std::uint64_t more
            = std::max(missing, std::min({left, kMost, std::max<std::uint64_t>(kFirst, m_bytes.size())}));
        if (more > m_limits.pickleBytes || m_bytes.size() > m_limits.pickleBytes - more)
            throw ParseError(fmt::format("the pickle has more than the {} bytes that are read", m_limits.pickleBytes),
                m_stream.offset);
        m_budget.charge(more, "the pickle");
        const std::size_t old = m_bytes.size();
        m_bytes.resize(old + more);
        m_stream.source.read(begin, std::span(m_bytes).subspan(old));
    }

    const PickleStream &m_stream;
    const Limits &m_limits;
    Budget &m_budget;
    std::vector<std::byte> m_bytes;
    std::uint64_t m_at = 0;
};

} // namespace

PickleTree takePickle(PickleStream &stream, const Limits &limits, Budget &budget)
{
    std::vector<std::byte> bytes = PickleScanner(stream, limits, budget).upToStop();
    const std::uint64_t begin = stream.offset;
    stream.offset += bytes.size();
    return PickleMachine::run(std::move(bytes), begin, limits, budget);
}

} // namespace quantscope
