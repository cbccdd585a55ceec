#pragma once

#include "open/pair_weights.h"

#include <string>
#include <vector>

namespace quantscope {

/// An export beside a checkpoint, in the checkpoint's names.
struct MatchedExport {
    /// Layers and activations that are the checkpoint's have its names, and weights its shape; all others are as the
    /// export has them.
    Network network;
    /// Layers that were found by order, shape and values because their names do not meet, by the checkpoint's names,
    /// sorted. What such a layer has not in the export may only not have been found.
    std::vector<std::string> found;
    /// "features.0 = Conv_0, classifier = MatMul_0 transposed": those layers in the checkpoint's order.
    std::string pairs;
    /// Layers whose weights are not the checkpoint's floats, but like them: a batch norm may be merged there. Sorted.
    std::vector<std::string> scaled;
    /// Layers whose weights stand there as the checkpoint's floats, without a quantizer, where others have one. Sorted.
    std::vector<std::string> floats;
    /// The values of some weight say that it is an export of this network as it was trained, or too few of them are
    /// there to say anything and the names meet, or all of them fit in their order, as do activations where there are
    /// no weights; none says otherwise.
    bool sameNetwork = false;
    /// Values that can be told from chance are all unlike: an export of another network, or of another training.
    bool otherNetwork = false;
};

/// `listed` is the checkpoint with its layers alone. What cannot be read pairs nothing.
MatchedExport matchExport(const Network &listed, Network exported);

} // namespace quantscope
