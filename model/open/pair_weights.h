#pragma once

#include "network/network.h"
#include "open/value_evidence.h"

#include <cstddef>
#include <vector>

namespace quantscope {

/// A layer of an export and the layer of the checkpoint that it is, by their positions.
struct LayerPair {
    std::size_t checkpoint = 0, exported = 0;
    bool named = false; ///< their names meet
    bool transposed = false; ///< the export keeps the weight transposed
    Evidence evidence = Evidence::None; ///< of the weights' values
};

/// Which layers with weights are which: by name where names meet, else by shape (also transposed) and values. Where
/// values do not tell two apart, neither is paired; where no value speaks for any pair, those that have other names are
/// paired in their order, if all of them fit that way, else none is.
/// Layers by name come first, each kind in the order of the checkpoint. Throws ParseError.
std::vector<LayerPair> pairWeights(const Network &listed, const Network &exported);

} // namespace quantscope
