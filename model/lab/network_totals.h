#pragma once

#include "analysis/inspection.h"
#include "lab/allocation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Blocks of 18 kbit (RAMB18 of AMD's 7 series and UltraScale) that one memory of `words` words of `bits` bits takes in
/// the best of the block's shapes: 16K x 1, 8K x 2, 4K x 4, 2K x 9, 1K x 18, 512 x 36 (UG473, UG573). 0 for an empty
/// one.
std::uint64_t blockRams(std::uint64_t words, int bits);

/// What the quantized tensors of a network take, and how near they are to their floats.
struct NetworkTotals {
    std::uint64_t bits = 0; ///< elements times bits of a code, over every tensor with a complete quantizer
    std::uint64_t blocks = 0; ///< blockRams() of each, one code a word
    std::optional<double> worstDb; ///< the lowest SQNR of a weight; nullopt where none has one
    std::string worstLayer;
    bool complete = true; ///< every weight that can be analysed has its figures
};
NetworkTotals totalsOf(const Inspection &inspection);

/// What is in force in a slot of these layers, added up as an allocation of a sweep is, without points; nullopt while
/// figures are missing, and where there are no floats to compare with.
std::optional<Allocation> allocationInForce(
    const Inspection &inspection, const std::vector<std::string> &layers, Slot slot);

} // namespace quantscope
