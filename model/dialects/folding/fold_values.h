#pragma once

#include "dialects/folding/fold.h"

#include <vector>

namespace quantscope::folding {

/// A tensor of the file as a value; throws ParseError when it is unreadable, text, or larger than limits.foldElements.
FoldedValue fromTensor(const TensorInfo &tensor, const Limits &limits);

/// Number of elements, refused above limits.foldElements before anything is allocated.
std::size_t boundedCount(const Shape &shape, const Limits &limits);
/// The axis counted from the front; throws ParseError when it lies outside the rank.
std::size_t axisOf(std::int64_t axis, std::size_t rank);
/// The shape that two shapes broadcast to (numpy's rule); throws ParseError when they do not.
Shape broadcastShape(const Shape &a, const Shape &b);
/// Index of each result element in an operand of `from` that broadcasts to `to`.
std::vector<std::size_t> broadcastIndices(const Shape &from, const Shape &to, const Limits &limits);

/// float32 to the precision of the type: float16 and bfloat16 results are rounded as well. Throws for float64, whose
/// arithmetic would need more bits than a folded value has.
float roundTo(DType dtype, float value);
/// The integer wrapped to the type's width.
std::int64_t wrapTo(DType dtype, std::int64_t value);
/// `saturate` is of minifloats: what lies beyond the largest value becomes it. Throws ParseError for values whose
/// result the definition leaves open.
FoldedValue cast(const FoldedValue &value, DType dtype, bool saturate = true);

} // namespace quantscope::folding
