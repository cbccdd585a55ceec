#include "export/writers/mem_hex_writer.h"

#include "export/code_lines.h"

#include <algorithm>

namespace quantscope {

namespace {

constexpr char kDigits[] = "0123456789ABCDEF";

/// Puts elements into words and words into lines.
class WordText {
public:
    explicit WordText(const WordLayout &layout)
        : m_layout(layout)
        , m_digits(static_cast<std::size_t>((layout.wordBits + 3) / 4))
    {
    }

    /// Valid until the next call. Only the last codes of an array may fill no whole word.
    std::string_view lines(std::span<const std::int64_t> codes)
    {
        m_text.clear();
        const auto perWord = static_cast<std::size_t>(m_layout.elementsPerWord);
        for (std::size_t i = 0; i < codes.size(); i += perWord)
            addWord(codes.subspan(i, std::min(perWord, codes.size() - i)));
        return m_text;
    }

private:
    void addWord(std::span<const std::int64_t> elements)
    {
        m_nibbles.assign(m_digits, 0);
        for (std::size_t k = 0; k < elements.size(); ++k)
            addElement(static_cast<std::uint64_t>(elements[k]), m_layout.lowestBit(static_cast<int>(k)));
        for (std::size_t digit = m_digits; digit-- > 0;)
            m_text += kDigits[m_nibbles[digit]];
        m_text += '\n';
    }

    void addElement(std::uint64_t code, int lowestBit)
    {
        int left = m_layout.elementBits;
        for (int bit = lowestBit; left > 0;) { // as many bits at once as stay within a digit
            const int taken = std::min(left, 4 - bit % 4);
            const std::uint64_t bits = code & ((1u << taken) - 1);
            m_nibbles[static_cast<std::size_t>(bit / 4)] |= static_cast<std::uint8_t>(bits << (bit % 4));
            code >>= taken;
            bit += taken;
            left -= taken;
        }
    }

    const WordLayout m_layout;
    std::size_t m_digits;
    std::vector<std::uint8_t> m_nibbles; ///< of one word, lowest first
    std::string m_text;
};

} // namespace

CodeHashes writeMemHex(const PlannedFile &file, const SourceFacts &, TextSink &sink, const CodesWritten &written)
{
    CodeHashes hashes;
    for (const ExportArray &array : file.arrays) {
        const WordLayout layout = file.writer->words(array, file.packing);
        WordText text(layout);
        hashes.push_back(writeCodeLines(
            array, static_cast<std::uint64_t>(layout.elementsPerWord),
            [&](std::uint64_t, std::span<const std::int64_t> codes) { return text.lines(codes); }, sink, written));
    }
    return hashes;
}

} // namespace quantscope
