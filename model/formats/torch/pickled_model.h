#pragma once

#include "formats/reader.h"
#include "formats/torch/storage_table.h"

#include <string>
#include <unordered_map>

namespace quantscope {

/// Positions in ModelFile::tensors by the first node of the pickle that makes each.
using TensorPositions = std::unordered_map<PickleRef, std::size_t>;

/// One of a container's pickles, with the storages that it names.
struct PickledTensors {
    const PickleTree &tree;
    const StorageTable &storages;
    std::string prefix = {}; ///< of its tensors' names
    bool isModel = true; ///< its top level may be a checkpoint dict
    TensorPositions *positions = nullptr; ///< told where each tensor is listed
};

/// Lists the tensors of a pickle in `file`, with the parts and scalars of a checkpoint; returns the first call that was
/// met and not made, empty when there was none. Throws ParseError.
std::string listPickled(const PickledTensors &from, const ReadRequest &request, Budget &budget, ModelFile &file);

/// Once all pickles are listed: notes what is odd about them. Throws ParseError when there is nothing to show because
/// of a call that is not made, or of a type that is not known.
void finishPickled(ModelFile &file, const std::string &firstCall);

} // namespace quantscope
