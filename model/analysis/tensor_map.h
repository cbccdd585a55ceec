#pragma once

#include "base/progress.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope {

/// A tensor in at most `columns` x `rows` cells: the largest |code| of each. For three and more axes one cell is a
/// kernel or a block of kernels (columns: outputs, rows: inputs), else a block of the matrix.
struct TensorMap {
    std::int64_t columns = 0, rows = 0;
    std::int64_t perColumn = 1, perRow = 1; ///< indices along the axes in one cell
    std::size_t columnAxis = 0, rowAxis = 0;
    std::vector<float> magnitude; ///< row by row, 0..1 of `largest`; -1: nothing there
    float largest = 0; ///< of the |code| that occur

    /// Cell of an element.
    std::size_t cellOf(std::span<const std::int64_t> index) const;
};

/// Requires a readable tensor; |w| stands for |code| where there are no codes. Errors: Parse, Cancelled. Progress
/// counts elements.
Result<TensorMap> mapTensor(
    const SlotQuantizer &slot, std::int64_t columns, std::int64_t rows, const Progress &progress = {});

} // namespace quantscope
