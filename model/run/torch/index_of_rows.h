#pragma once

#include <ATen/core/Tensor.h>

namespace quantscope {

/// An index as int64 that counts from the start where it counted from the end.
at::Tensor countedFromStart(const at::Tensor &index, std::int64_t size);

/// A tensor whose leading axes are one, and which places of that axis an index names.
struct IndexOfRows {
    at::Tensor data;
    at::Tensor index;
};

/// `places` has two axes: each row names a place in the first axes of `x`. Throws RunError for places that are none.
IndexOfRows indexOfRows(const at::Tensor &x, const at::Tensor &places);

} // namespace quantscope
