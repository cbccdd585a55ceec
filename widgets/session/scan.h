#pragma once

#include "base/progress.h"
#include "items/code_cache.h"
#include "items/find_query.h"

#include <cstdint>
#include <vector>

namespace quantscope {

/// Elements that one pass over a tensor found.
struct FindResult {
    std::uint64_t count = 0; ///< all of them
    std::vector<std::uint64_t> positions; ///< the first kMaxHits, ascending
    static constexpr std::size_t kMaxHits = 100'000;
};
Result<FindResult> findElements(const SlotRef &slot, const FindQuery &query, const Progress &progress = {});

/// Where the largest |w| (largest |code| without floats) and the largest error stand; the first of equals.
struct Extremes {
    std::uint64_t largest = 0;
    std::uint64_t largestError = 0;
};
Result<Extremes> findExtremes(const SlotRef &slot, const Progress &progress = {});

/// A tensor in at most `columns` x `rows` cells: the largest |code| of each. For three and more axes one cell is a
/// kernel or a block of kernels (columns: outputs, rows: inputs), else a block of the matrix.
struct TensorMap {
    std::int64_t columns = 0, rows = 0;
    std::int64_t perColumn = 1, perRow = 1; ///< indices along the axes in one cell
    std::size_t columnAxis = 0, rowAxis = 0;
    std::vector<float> magnitude; ///< row by row, 0..1 of the largest code; -1: nothing there

    /// Cell of an element.
    std::size_t cellOf(std::span<const std::int64_t> index) const;
};
Result<TensorMap> mapTensor(
    const SlotRef &slot, std::int64_t columns, std::int64_t rows, const Progress &progress = {});

} // namespace quantscope
