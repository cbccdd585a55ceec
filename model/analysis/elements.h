#pragma once

#include "base/progress.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace quantscope {

/// One element in every form.
struct Element {
    bool known = false; ///< false where it has not been read
    bool hasCode = false; ///< the slot has a quantizer with integer codes
    bool hasValue = false; ///< of its code: not where the scale is unknown
    bool hasFloat = false;
    std::int64_t code = 0;
    float value = 0; ///< dequantized
    float original = 0; ///< the file's float; of a minifloat that the file stores with a scale, its value
};

/// Codes, values and floats of a run of elements.
struct ElementChunk {
    std::uint64_t begin = 0;
    std::vector<std::int64_t> codes; ///< empty without integer codes
    std::vector<float> values; ///< empty without integer codes, and where their scale is unknown
    std::vector<float> originals; ///< empty when the file holds only integer codes

    std::size_t size() const { return std::max(codes.size(), originals.size()); }
    Element element(std::uint64_t flat) const;
};

/// Reads a slot with a tensor: codes and values where it has integer codes, else its floats alone: of
/// minifloats that the file stores, their values with the scale. Throws ParseError.
class ElementReader {
public:
    enum class Minifloats { AsFloats, AsPatterns }; ///< whether a minifloat's bit patterns count as its codes
    explicit ElementReader(const SlotQuantizer &slot, Minifloats minifloats = Minifloats::AsFloats);

    std::uint64_t count() const { return m_count; }
    /// Elements [begin, begin + count), cut at the tensor's end.
    void read(std::uint64_t begin, std::uint64_t count, ElementChunk &chunk);
    /// For what a chunk does not hold; null without codes.
    CodeReader *codes() { return m_codes ? &*m_codes : nullptr; }

private:
    std::uint64_t m_count = 0;
    std::optional<CodeReader> m_codes;
    std::optional<CodeReader> m_stored; ///< minifloats with a scale
    std::optional<TensorReader> m_floats;
};

/// Elements that are looked at together.
inline constexpr std::uint64_t kElementChunk = 1ull << 18;

/// Calls `visit(chunk)` for elements [begin, end) in file order; the chunk is used again. Progress counts elements.
template <class Visit>
void forEachChunk(
    ElementReader &reader, std::uint64_t begin, std::uint64_t end, const Progress &progress, Visit &&visit)
{
    ElementChunk chunk;
    for (std::uint64_t at = begin; at < end; at += kElementChunk) {
        progress.step(at - begin, end - begin);
        reader.read(at, std::min(kElementChunk, end - at), chunk);
        visit(chunk);
    }
}

} // namespace quantscope
