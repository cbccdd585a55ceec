#pragma once

#include "dialects/onnx/walk.h"
#include "quant/quantizer.h"

namespace quantscope::interpret {

Granular perTensor(float value);

/// [] for one value, and also when all are zero and `zeroIsOne` (zero points).
Granular simplified(Granular granular, bool zeroIsOne);

/// A constant against a tensor by numpy's broadcasting: (), (1), (O,1,1,1), or a trailing (N). Without `tensor` (an
/// activation) its own shape stays. `label` says what it is in errors. Throws ParseError for one that is empty, does
/// not fit, or differs along several axes; NotConstant.
Granular broadcastGranular(Constants &constants, ValueId value, const Shape *tensor, const std::string &label);

/// What is said of a scale or zero point of that value: `detail`, and that a mean leaves its last bit open.
std::string scaleDetail(Constants &constants, ValueId value, std::string detail);

/// "axis 0", "axes 0 and 2": where a tensor has as many elements; empty when nowhere.
std::string fittingAxes(const Shape &tensor, std::int64_t count);

} // namespace quantscope::interpret
