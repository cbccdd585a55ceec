#pragma once

#include "quant/quantizer.h"
#include "tensor/tensor.h"

#include <memory>

namespace quantscope::script {

/// The quantizer of a tensor that keeps its own scale and zero point. Precondition: it has them.
void setStoredAffine(const TensorInfo &tensor, Quantizer &q);

/// A weight of four axes without its third, where that has one element: packed parameters of convolutions along one
/// axis have it.
std::shared_ptr<const TensorInfo> withoutExtraAxis(const TensorInfo &tensor);

} // namespace quantscope::script
