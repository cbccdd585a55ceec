#pragma once

#include "quant/kernels.h"
#include "tensor/channels.h"

#include <optional>
#include <span>
#include <vector>

namespace quantscope {

/// Reads a slot's floats, codes and values in row-major order of its shape, in any chunks.
/// Requires slot.tensor and a quantizer that knows its codes; throws ParseError when the tensor's bytes are not there.
class CodeReader {
public:
    explicit CodeReader(const SlotQuantizer &slot);

    /// False where the file stores codes whose scale is not known: `values` are then NaN.
    bool hasValues() const { return m_quantizer.isComplete(); }
    /// True when the file holds float values that the codes were computed from.
    bool hasFloats() const;
    /// The file's floats; only when hasFloats().
    void floats(std::uint64_t begin, std::span<float> out);
    /// Codes as float32, exactly what the framework has (they reach 2^31, and NaN).
    void codes(std::uint64_t begin, std::span<float> out);
    /// Rounded codes before the clamp, of floats that were read before: x[i] is element begin + i.
    void unclampedCodes(std::uint64_t begin, std::span<const float> x, std::span<float> out);
    /// Codes as integers; a code that is not finite becomes 0.
    void integers(std::uint64_t begin, std::span<std::int64_t> out);
    /// Dequantized values, float32.
    void values(std::uint64_t begin, std::span<float> out);
    /// From codes that were read before: values[i] belongs to element begin + i.
    void valuesFromCodes(std::uint64_t begin, std::span<const float> codes, std::span<float> out);

    /// Channel (index into scale.values) of an element, and the length of the run of elements from it that share it.
    struct Run {
        std::size_t channel = 0;
        std::uint64_t length = 0;
    };
    Run runAt(std::uint64_t element) const;
    /// The integer of a code; 0 for what is not finite. ap_fixed and PyTorch saturate at the last code, which from 26
    /// bits on is no float32; the codes of Brevitas are its floats, up to 2^31.
    std::int64_t integer(float code) const;
    CodeParameters parameters(std::size_t channel) const;
    /// The stored decision of learned rounding about an element; nullopt for quantizers that round without.
    std::optional<ElementDecision> decision(std::uint64_t element);
    std::uint64_t count() const { return m_count; }

private:
    void learnedCodes(std::uint64_t begin, std::span<float> codes);

    const SlotQuantizer &m_slot;
    const Quantizer &m_quantizer;
    TensorReader m_reader;
    std::optional<TensorReader> m_learned;
    std::uint64_t m_count = 0;
    std::uint64_t m_parameterSets = 1; ///< scales, zero points, divisors or shifts, whichever are most
    Channels m_axis; ///< the slices along the axis of the scales
    std::vector<float> m_scratch;
};

} // namespace quantscope
