#pragma once

#include "analysis/statistics.h"
#include "dialects/brevitas/settings.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Elements times bits of a code; 0 without a tensor or a complete quantizer.
std::uint64_t memoryBits(const SlotQuantizer &slot);

/// What one candidate would do to a slot. Errors are weight errors, not accuracy.
struct CandidateResult {
    std::string name;
    SlotSettings settings = {}; ///< what its name says; nothing for "file"
    SlotQuantizer slot;
    std::optional<SlotStatistics> figures; ///< nullopt when the scale is not finite or the slot has no quantizer
    std::string note; ///< why there are no figures

    std::uint64_t bits() const; ///< count * bit width
    std::uint64_t codesTotal() const; ///< size of the range; binary 2
    bool fixedExact() const; ///< one power-of-two scale and zero point 0
};

/// A candidate that cannot be had for a slot, and why.
struct Unavailable {
    std::string name, reason;
};

/// All candidates for one slot; the first is always "file".
struct SlotComparison {
    std::string layer;
    Slot slot = Slot::Weight;
    bool againstQuantized = false; ///< the file holds only quantized values: errors are against those
    std::vector<CandidateResult> candidates;
    std::vector<Unavailable> unavailable; ///< with CompareOptions::skipUnavailable

    /// Places by SQNR, 1 the highest; an exact candidate is above any, equals share a place. 0: no SQNR, no place.
    std::vector<std::size_t> ranks() const;
    /// Positions of those in the first place.
    std::vector<std::size_t> best() const;
};

} // namespace quantscope
