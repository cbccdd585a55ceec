#pragma once

#include "graph/model_file.h"

#include <string>
#include <vector>

namespace quantscope {

/// The further files that tensors of a model are in, or would be in were they there: external data of ONNX, the files
/// that an index names. Each once, in order; the model's own file is none of them.
std::vector<std::string> tensorFiles(const ModelFile &file);

} // namespace quantscope
