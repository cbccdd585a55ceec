#include "export/proof/mem_hex_proof.h"

#include "base/byte_source.h"
#include "export/proof/guarded_proof.h"
#include "export/proof/model_codes.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A memory file, read by its own bits: nothing here is shared with the writer but what the manifest says.
class MemHexFile {
public:
    MemHexFile(const FileToProve &file, const WordLayout &layout)
        : m_name(file.file->name)
        , m_layout(layout)
        , m_digits(static_cast<std::uint64_t>((layout.wordBits + 3) / 4))
    {
        const auto source = FileSource::open(file.path);
        if (!source)
            throw ProofError(source.error().text());
        const std::uint64_t expected = layout.words * (m_digits + 1);
        if ((*source)->size() != expected)
            throw ProofError(fmt::format("{} has {} bytes; {} words of {} digits need {}", m_name, (*source)->size(),
                layout.words, m_digits, expected));
        m_bytes = (*source)->bytes(0, expected);
        checkLines();
        checkSpareBits();
    }

    /// The bits of an element, in two's complement as they stand in the word.
    std::uint64_t element(std::uint64_t position) const
    {
        const auto perWord = static_cast<std::uint64_t>(m_layout.elementsPerWord);
        const auto place = static_cast<int>(position % perWord);
        const int lowest = (m_layout.lsbFirst ? place : m_layout.elementsPerWord - 1 - place) * m_layout.elementBits;
        std::uint64_t value = 0;
        for (int bit = m_layout.elementBits - 1; bit >= 0; --bit)
            value = value << 1 | (isSet(position / perWord, static_cast<std::uint64_t>(lowest + bit)) ? 1u : 0u);
        return value;
    }

private:
    static int digitValue(char c)
    {
        if (c >= '0' && c <= '9')
            return c - '0';
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    }
    char at(std::uint64_t index) const { return static_cast<char>(m_bytes[index]); }
    bool isSet(std::uint64_t word, std::uint64_t bit) const
    {
        const int digit = digitValue(at(word * (m_digits + 1) + m_digits - 1 - bit / 4));
        return (digit >> (bit % 4) & 1) != 0;
    }
    void checkLines() const
    {
        for (std::uint64_t i = 0; i < m_bytes.size(); ++i)
            if (i % (m_digits + 1) == m_digits ? at(i) != '\n' : digitValue(at(i)) < 0)
                throw ProofError(fmt::format(
                    "{} line {} is no word of {} hexadecimal digits", m_name, i / (m_digits + 1) + 1, m_digits));
    }
    void checkSpareBits() const
    {
        for (std::uint64_t word = 0; word < m_layout.words; ++word)
            for (auto bit = static_cast<std::uint64_t>(m_layout.wordBits); bit < 4 * m_digits; ++bit)
                if (isSet(word, bit))
                    throw ProofError(
                        fmt::format("{} line {} has more than {} bits", m_name, word + 1, m_layout.wordBits));
        const std::uint64_t all = m_layout.words * static_cast<std::uint64_t>(m_layout.elementsPerWord);
        for (std::uint64_t position = all - m_layout.paddingElements; position < all; ++position)
            if (element(position) != 0)
                throw ProofError(fmt::format("{} is not zero behind its last element", m_name));
    }

    std::string m_name;
    WordLayout m_layout;
    std::uint64_t m_digits;
    std::vector<std::byte> m_bytes;
};

void proveFile(const FileToProve &file, const CodesWritten &step)
{
    for (const ExportArray &array : file.file->arrays) {
        const WordLayout layout = file.file->writer->words(array, file.file->packing);
        const MemHexFile memory(file, layout);
        const int unused = 64 - array.slot->quantizer->wordBits();
        visitModelCodes(array, step, [&](std::uint64_t source, std::int64_t code, std::uint64_t position) {
            const std::uint64_t wanted = static_cast<std::uint64_t>(code) << unused >> unused;
            if (const std::uint64_t found = memory.element(position); found != wanted)
                throw ProofError(fmt::format("{}, element {} of the tensor: the file says {:#x}, the model says {:#x}",
                    file.file->name, source, found, wanted));
        });
    }
}

} // namespace

Result<std::vector<FileProof>> proveMemHex(
    std::span<const FileToProve> files, const std::string &, std::vector<std::string> &, const CodesWritten &step)
{
    return guardedProof([&] {
        std::vector<FileProof> proofs;
        for (const FileToProve &file : files) {
            if (file.begin)
                file.begin("reading back", 0);
            proveFile(file, step);
            proofs.push_back({file.file->count(), "reading back"});
        }
        return proofs;
    });
}

} // namespace quantscope
