#include "dialects/torch/packed_codes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Scheme = PackedWeight::Scheme;

/// Where the eight columns of a word of AWQ stand in it: column 1 is its fifth nibble.
constexpr std::array<unsigned, 8> kNibbleOfColumn = {0, 4, 1, 5, 2, 6, 3, 7};
/// Columns that are unpacked at once.
constexpr std::uint64_t kColumns = 1 << 16;

std::vector<std::uint32_t> wordsOf(const TensorInfo &tensor, std::uint64_t begin, std::uint64_t count)
{
    TensorReader reader(tensor);
    const auto bytes = reader.bytes(begin, count);
    std::vector<std::uint32_t> out(count);
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

/// `count` columns of a row of AWQ's words, eight a word.
void unpackAwq(const TensorInfo &tensor, std::uint64_t row, std::uint64_t column, std::span<std::uint8_t> out)
{
    const auto perRow = static_cast<std::uint64_t>(tensor.shape[1]);
    const std::uint64_t first = column / 8;
    const auto words = wordsOf(tensor, row * perRow + first, (column + out.size() + 7) / 8 - first);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t at = column + i;
        out[i] = static_cast<std::uint8_t>((words[at / 8 - first] >> (4 * kNibbleOfColumn[at % 8])) & 15u);
    }
}

/// Codes of GPTQ at one input: a column of words is a stream of bits.
void unpackGptq(
    const TensorInfo &tensor, unsigned bits, std::uint64_t input, std::uint64_t column, std::span<std::uint8_t> out)
{
    const auto perRow = static_cast<std::uint64_t>(tensor.shape[1]);
    const std::uint64_t bit = input * bits, row = bit / 32;
    const auto shift = static_cast<unsigned>(bit % 32);
    const auto words = wordsOf(tensor, row * perRow + column, out.size());
    const bool straddles = shift + bits > 32;
    const auto next
        = straddles ? wordsOf(tensor, (row + 1) * perRow + column, out.size()) : std::vector<std::uint32_t>();
    const std::uint32_t mask = (1u << bits) - 1;
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(((words[i] >> shift) | (straddles ? next[i] << (32 - shift) : 0u)) & mask);
}

class PackedSource final : public ByteSource {
public:
    PackedSource(std::shared_ptr<const ModelFile> file, const PackedWeight &weight)
        : m_file(std::move(file))
        , m_weight(weight)
        , m_count(elementCount(weight.shape))
    {
    }
    std::uint64_t size() const override { return m_count; }

    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_count || out.size() > m_count - offset)
            throw ParseError("codes behind the end of a packed weight are asked");
        const std::span codes(reinterpret_cast<std::uint8_t *>(out.data()), out.size());
        if (m_weight.scheme == Scheme::Table)
            return readTable(offset, codes);
        const auto columns = static_cast<std::uint64_t>(m_weight.shape[1]);
        for (std::size_t done = 0; done < codes.size();) {
            const std::uint64_t row = (offset + done) / columns, column = (offset + done) % columns;
            const std::uint64_t count = std::min({columns - column, kColumns, std::uint64_t{codes.size() - done}});
            const std::span part = codes.subspan(done, count);
            if (m_weight.scheme == Scheme::Awq)
                unpackAwq(words(), row, column, part);
            else
                unpackGptq(words(), m_weight.bits, row, column, part);
            done += count;
        }
    }

private:
    const TensorInfo &words() const { return m_file->tensors[m_weight.words]; }

    void readTable(std::uint64_t offset, std::span<std::uint8_t> out) const
    {
        TensorReader reader(words());
        for (std::size_t done = 0; done < out.size();) {
            const std::uint64_t at = offset + done, first = at / 2;
            const std::uint64_t count = std::min(kColumns, std::uint64_t{out.size() - done});
            const auto bytes = reader.bytes(first, (at + count + 1) / 2 - first);
            for (std::uint64_t i = at; i < at + count; ++i) {
                const auto byte = std::to_integer<unsigned>(bytes[i / 2 - first]);
                out[done++] = static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15u);
            }
        }
    }

    std::shared_ptr<const ModelFile> m_file;
    PackedWeight m_weight;
    std::uint64_t m_count;
};

} // namespace

std::shared_ptr<const TensorInfo> packedCodes(const std::shared_ptr<const ModelFile> &file, const PackedWeight &weight)
{
    const TensorInfo &words = file->tensors[weight.words];
    if (!weight.problem.empty() || weight.scheme == Scheme::Int8 || !words.readable())
        return {file, &words};
    auto out = std::make_shared<TensorInfo>();
    out->name = words.name;
    out->dtype = DType::UInt8;
    out->shape = weight.shape;
    out->storage.source = std::make_shared<PackedSource>(file, weight);
    out->storage.bytes = out->storage.source->size();
    return out;
}

std::vector<float> packedZeros(const ModelFile &file, const PackedWeight &weight)
{
    const TensorInfo &zeros = file.tensors[weight.zeros.value()];
    const std::vector<std::int64_t> words = readIntegers(zeros);
    const auto outputs = static_cast<std::uint64_t>(weight.shape[1]),
               perRow = static_cast<std::uint64_t>(zeros.shape[1]);
    const std::uint64_t mask = (1u << weight.bits) - 1;
    std::vector<float> out;
    out.reserve(static_cast<std::uint64_t>(zeros.shape[0]) * outputs);
    for (std::uint64_t row = 0; row < static_cast<std::uint64_t>(zeros.shape[0]); ++row)
        for (std::uint64_t column = 0; column < outputs; ++column) {
            const auto wordAt = [&](std::uint64_t i) {
                return static_cast<std::uint64_t>(static_cast<std::uint32_t>(words[row * perRow + i]));
            };
            std::uint64_t code = 0;
            if (weight.scheme == Scheme::Awq) {
                code = wordAt(column / 8) >> (4 * kNibbleOfColumn[column % 8]);
            } else {
                const std::uint64_t bit = column * weight.bits, at = bit / 32;
                code = (wordAt(at) | (at + 1 < perRow ? wordAt(at + 1) << 32 : 0)) >> (bit % 32);
            }
            out.push_back(static_cast<float>(code & mask));
        }
    return out;
}

} // namespace quantscope
