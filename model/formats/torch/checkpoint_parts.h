#pragma once

#include "formats/torch/tensor_builder.h"
#include "graph/model_file.h"

namespace quantscope {

/// The parts of a checkpoint whose pickle has been flattened into `file`, and which of them is shown: the one that
/// training scripts load again, weights before their moving average. All of the file is shown where its parts are
/// pieces of one model (encoder and decoder), or where it has none.
void findParts(ModelFile &file, const PickleTree &tree, PickleRef root, const TensorBuilder &builder);

} // namespace quantscope
