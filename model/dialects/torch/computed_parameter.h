#pragma once

#include "dialects/torch/reparametrization.h"

#include <memory>
#include <string>

namespace quantscope {

/// The parameter as torch computes it, in float32, rounded to float16 or bfloat16 where its tensors are that: its
/// elements are computed where they are read, and nothing of it is kept but the norms. The last bit of a norm depends
/// on the order of addition: it is that of torch 1.13 on a CPU with AVX2. A parameter whose rule is not known, or whose
/// tensors cannot be read, has a `problem`.
std::shared_ptr<const TensorInfo> computedParameter(
    const std::shared_ptr<const ModelFile> &file, const Reparametrization &parameter);

/// "conv.weight_orig * conv.weight_mask"; empty for a tensor that is shown as it is stored.
std::string computedText(const ModelFile &file, const Reparametrization &parameter);

} // namespace quantscope
