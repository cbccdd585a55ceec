#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace quantscope {

/// One axis of ONNX' Resize.
struct ResampledAxis {
    std::int64_t from = 0, to = 0; ///< elements before and after
    double ratio = 1; ///< after / before, as it is given
    bool isSized = false; ///< the sizes are given, and the ratio follows
    double cropFrom = 0, cropTo = 1; ///< of tf_crop_and_resize, in parts of the axis
    bool isChanged() const { return from != to || ratio != 1; }
};

/// Attributes of ONNX' Resize, by their names.
struct Resampling {
    std::string mode, coordinates, nearest;
    double cubic = -0.75;
    bool excludesOutside = false;
    double extrapolated = 0;
};

/// One axis resampled, each of its places from 1, 2 or 4 neighbours. Throws RunError for words that are not known.
at::Tensor resampled(const at::Tensor &x, std::int64_t axis, const ResampledAxis &of, const Resampling &how);

} // namespace quantscope
