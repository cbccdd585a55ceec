#pragma once

#include "quant/quantizer.h"

#include <cstdint>
#include <vector>

namespace quantscope {

/// Elements of a tensor at places that follow from its size alone, so that two tensors of one size can be compared
/// without reading either whole.
struct ElementSample {
    std::vector<std::uint64_t> places; ///< row-major
    std::vector<float> values; ///< floats, or dequantized values
    /// Of quantized values: the distance to the next code, and whether the code is the lowest or highest that there is.
    std::vector<float> steps;
    std::vector<bool> lowest, highest;
};

/// At most some thousand elements; all of a small tensor. Empty where it cannot be read.
ElementSample sampleFloats(const TensorInfo &tensor);
/// The same of a slot of an export: what its codes stand for, or its floats where it has no quantizer.
ElementSample sampleQuantized(const SlotQuantizer &slot);

/// How far the values of an export speak for being those of a float tensor.
enum class Evidence {
    Against, ///< as alike as any two tensors are
    None, ///< all the same, or somewhat alike: they fit, and so would others
    Few, ///< every element fits, but they are too few to tell anything by themselves
    Channels, ///< each output channel is a multiple of the floats': a batch norm was merged
    Alike, ///< far more alike than two tensors of that size are by chance
    Equal, ///< every element is what the floats give under the export's scale
};

/// `channelAxis` is that of the shape which both samples are of.
Evidence evidenceOf(const ElementSample &floats, const ElementSample &theirs, const Shape &shape, int channelAxis);

} // namespace quantscope
