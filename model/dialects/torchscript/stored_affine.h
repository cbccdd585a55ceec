#pragma once

#include "quant/quantizer.h"
#include "tensor/tensor.h"

namespace quantscope::script {

/// The quantizer of a tensor that keeps its own scale and zero point. Precondition: it has them.
void setStoredAffine(const TensorInfo &tensor, Quantizer &q);

} // namespace quantscope::script
