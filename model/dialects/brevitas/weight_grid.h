#pragma once

#include "base/progress.h"
#include "tensor/tensor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// The grid that float weights lie on already: every value is, in float32, its code times the step.
struct WeightGrid {
    std::vector<float> steps; ///< one, or one per output channel (axis 0)
    std::int64_t low = 0, high = 0; ///< smallest and largest code
    int bits = 2; ///< that the codes need with a sign
    std::uint64_t count = 0; ///< of elements

    /// One magnitude and no zero: -1 or +1 times the step.
    bool isBinary() const { return bits == 1; }

    /// Also "all 64 weights are -1 or +1 times 0.7 (binary)" and "all 108 weights are multiples of 2^-3 between -7 and
    /// 7 (4 bits)".
    std::string text() const;
};

/// The grid of a tensor, of codes of at most 12 bits; nullopt where there is none, or where that would say nothing:
/// tensors of few elements, of values that hardly repeat, without a zero unless they are binary, all zero or of one
/// value beside it, and what cannot be read. Grids by output channel are looked for where `channels`. Weights on no
/// grid are given up after the first few thousand. Throws CancelledError.
std::optional<WeightGrid> findGrid(const TensorInfo &tensor, bool channels, const Progress &progress = {});

} // namespace quantscope
