#pragma once

#include "tensor/tensor.h"

#include <vector>

namespace quantscope::vitis {

/// A convolution as PyTorch has it: weight [out][in / groups][kernel...], row-major; bias empty where there is none.
struct ConvolutionValues {
    Shape shape;
    std::vector<float> weight, bias;

    std::size_t outputs() const { return static_cast<std::size_t>(shape[0]); }
};

/// Equalizes two convolutions of which the second alone reads the first, as nndct_shared of Vitis AI 3.5 does before it
/// rounds (optimization/commander.py, after Nagel et al., arXiv:1906.04721), in float32: the first's output channels
/// and bias are divided, the second's input channels multiplied by sqrt(range0 / range1), where a range is a channel's
/// largest magnitude, of the first with its bias by a fraction. Channels whose ranges add up to less than 0.5 are left
/// alone. Returns the divisors, one a channel; empty, with nothing changed, where the channels do not meet or the order
/// of the second's is not known (depthwise with several outputs a channel).
std::vector<float> equalize(ConvolutionValues &first, ConvolutionValues &second);

} // namespace quantscope::vitis
