#pragma once

#include <optional>
#include <span>

namespace quantscope {

/// The integers that a fake quantizer of torch.ao clamps to.
struct AoRange {
    int bits = 8;
    bool isSigned = false;
    bool narrow = false;
    bool eitherEnd = false; ///< narrow or not: both give the same scale
    bool eitherSign = false; ///< one of the other sign gives the same scale and zero point
    bool operator==(const AoRange &) const = default;
};

/// What an observer saw and what torch made of it; one element a channel.
struct AoBounds {
    std::span<const float> minimum, maximum, scale, zeroPoint;
    float epsilon = 0x1p-23f; ///< the least scale
    /// Which sign is meant where ranges of both do: torch.ao quantizes weights signed and activations unsigned.
    std::optional<bool> usuallySigned = {};
};

struct AoParameters {
    float scale = 0;
    double zeroPoint = 0;
};

/// What torch's kernels make of the least and the largest value that they saw (ChooseQuantizationParams of 1.13:
/// dynamic quantization, the fused kernel of fake quantizers).
AoParameters fusedParameters(float low, float high, const AoRange &range, bool isSymmetric);

/// The one range of 1 to 8 or 16 bits with which torch's observers (symmetric or affine, in Python or in the fused
/// kernel of its newer fake quantizers) turn the bounds into exactly these scales and zero points. A checkpoint does
/// not store it. Where a range and its narrow form do (as -128 to 127 in the fused kernel and -127 to 127 outside of
/// it), it is the wide one with `eitherEnd`: only a code at its lower end could tell. nullopt: none does, or several
/// do.
std::optional<AoRange> rangeOf(const AoBounds &bounds);

} // namespace quantscope
