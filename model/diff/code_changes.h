#pragma once

#include "base/progress.h"
#include "diff/change_kernels.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

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

/// How one element differs.
struct ElementChange {
    bool changed = false; ///< its code, or its stored number where neither slot has codes
    /// Second code - first, at most the ends of int64; nothing where one of them is no number, or there are no codes.
    std::optional<std::int64_t> by;
};

/// Tells of elements one by one what codeChangesOf counts, under the same preconditions.
class ChangeReader {
public:
    ChangeReader(const SlotQuantizer &a, const SlotQuantizer &b);
    /// False where one of the files holds codes and the other none.
    bool compares() const { return m_compares; }
    /// out[i] belongs to element begin + i. Throws ParseError.
    void read(std::uint64_t begin, std::span<ElementChange> out);

private:
    bool m_compares;
    std::function<void(std::uint64_t, std::span<ElementChange>)> m_read;
};

} // namespace quantscope
