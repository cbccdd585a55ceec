#pragma once

#include "base/sha256.h"
#include "export/export_array.h"
#include "quant/code_reader.h"

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace quantscope {

/// An array's codes in exported order, each checked to fit the array's width.
/// Throws ParseError naming the element (by its index in source order) whose code does not.
class CodeStream {
public:
    /// Bytes that reordering holds at once: 256 M codes of 8 bits, 32 M of 64.
    static constexpr std::uint64_t kBlockBytes = 1ull << 28;

    explicit CodeStream(const ExportArray &array, std::uint64_t blockBytes = kBlockBytes);

    /// Codes at exported positions [begin, begin + out.size()). Meant for reading forwards in chunks: a layout other
    /// than the source's reads the tensor once for each block of codes.
    void read(std::uint64_t begin, std::span<std::int64_t> out);
    /// The same for a few codes: reads only what is asked for.
    void readFew(std::uint64_t begin, std::span<std::int64_t> out);

    /// SHA-256 of the codes as int32, little-endian, in source order; nullopt when a code does not fit. Known after the
    /// whole array was read forwards.
    std::optional<std::string> sourceHash();

    /// Bytes of reordered codes that are held now.
    std::uint64_t heldBytes() const;

private:
    void readSource(std::uint64_t begin, std::span<std::int64_t> out);
    void check(std::uint64_t begin, std::span<const std::int64_t> codes) const;
    void hash(std::uint64_t begin, std::span<const std::int64_t> codes);
    void loadBlock(std::uint64_t begin);
    template <class T> void scatter(std::vector<T> &block);

    const ExportArray &m_array;
    std::uint64_t m_blockSize; ///< codes
    CodeReader m_reader;
    bool m_storesIntegers = false;
    bool m_reorders = false;
    std::vector<float> m_floats;
    std::vector<std::int32_t> m_hashed32;
    Sha256 m_sha;
    std::uint64_t m_hashed = 0; ///< elements hashed so far
    bool m_fits32 = true;
    std::variant<std::vector<std::int8_t>, std::vector<std::uint8_t>, std::vector<std::int16_t>,
        std::vector<std::uint16_t>, std::vector<std::int32_t>, std::vector<std::uint32_t>, std::vector<std::int64_t>>
        m_block; ///< reordered codes [m_blockBegin, m_blockBegin + size)
    std::uint64_t m_blockBegin = 0;
};

} // namespace quantscope
