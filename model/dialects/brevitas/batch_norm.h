#pragma once

#include "dialects/brevitas/state_dict.h"
#include "network/network.h"

#include <vector>

namespace quantscope {

/// Layers with the batch norms in their weights and biases that a recipe merges into them.
struct MergedLayers {
    std::vector<Layer> layers;
    std::vector<Diagnostic> notes; ///< what was merged, and that others were not
};

/// Merges as `merge_bn` of Brevitas (nn/utils.py, the same from 0.6.0 to 0.12.1), in float32 and in its order; an
/// existing bias is scaled too, which Brevitas before 0.8 forgot. Merged tensors of `previous`, the same file under
/// another recipe, are taken over where nothing changed; it may be null. Errors (Usage): an entry names no layer with a
/// weight or no batch norm, or the two do not fit.
Result<MergedLayers> mergeBatchNorms(std::vector<Layer> layers, const ModelFile &file, const StateDict &dict,
    const Recipe &recipe, const Network *previous = nullptr);

} // namespace quantscope
