#pragma once

#include "analysis/find_query.h"
#include "base/progress.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace quantscope {

/// Gets a hit: its row-major position, its code (a minifloat's bit pattern; 0 without a quantizer) and its value (then
/// the float).
using FindVisitor = std::function<void(std::uint64_t flat, std::int64_t code, float value)>;

/// Calls `visit` for every hit among elements [begin, end), ascending. Requires a readable tensor. Errors: Usage (the
/// file has no floats, or the slot no codes, to compare with), Parse, Cancelled. Progress counts elements.
Result<void> visitElements(const SlotQuantizer &slot, const FindQuery &query, std::uint64_t begin, std::uint64_t end,
    const FindVisitor &visit, const Progress &progress = {});

/// Elements that one pass over a tensor found.
struct FindResult {
    std::uint64_t count = 0; ///< all of them
    std::vector<std::uint64_t> positions; ///< the first kMaxHits, ascending
    static constexpr std::size_t kMaxHits = 100'000;
};
Result<FindResult> findElements(const SlotQuantizer &slot, const FindQuery &query, const Progress &progress = {});

} // namespace quantscope
