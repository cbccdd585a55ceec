#pragma once

#include "base/progress.h"
#include "diff/change_kernels.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <optional>

namespace quantscope {

/// What two tensors of one shape have that differs.
struct CodeChanges {
    std::uint64_t count = 0; ///< elements of each
    std::optional<ChangeCounts> codes; ///< nothing where one of them has none
    /// Elements whose stored numbers differ, as bits: of floats, and of integers that are no codes; nothing where one
    /// of them holds codes. Where codes were compared it is only counted whether any does.
    std::optional<std::uint64_t> stored;
    std::optional<std::uint64_t> firstStored; ///< the first of those
};

/// Reads both in chunks, large ones on all cores, in memory that does not grow with them. What is equal byte for byte
/// under equal quantizers is not computed. Preconditions: tensors that can be read, of one shape. Throws ParseError
/// (bytes missing) and CancelledError; progress counts elements.
CodeChanges codeChangesOf(const SlotQuantizer &a, const SlotQuantizer &b, SharedProgress &progress);

} // namespace quantscope
