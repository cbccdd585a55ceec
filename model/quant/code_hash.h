#pragma once

#include "base/progress.h"
#include "base/sha256.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// The SHA-256 of codes as int32, little-endian, as goldens and proofs have it.
class CodeHash {
public:
    void add(std::span<const std::int64_t> codes);
    /// nullopt when a code was outside int32.
    std::optional<std::string> finish();

private:
    Sha256 m_hash;
    std::vector<std::int32_t> m_codes;
    bool m_fit = true;
};

/// Of all codes of a slot with integer codes (`hasCodes`), in row-major order; nullopt where there is none: a code
/// that is not finite, or outside int32. Throws ParseError, CancelledError.
std::optional<std::string> codesSha256(const SlotQuantizer &slot, const Progress &progress = {});

/// The slot's quantizer with the rounding and range whose codes have that hash: its own, or another; nullopt when none
/// has. Of a width of one bit the codes are tried as -1 and 1 too. Throws ParseError, CancelledError.
std::optional<Quantizer> quantizerWithCodes(
    const SlotQuantizer &slot, const std::string &sha256, const Progress &progress = {});

} // namespace quantscope
