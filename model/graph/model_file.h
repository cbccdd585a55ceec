#pragma once

#include "base/diagnostic.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What a container says, read once and never changed: tensors by name, the graph where the file has one, metadata.
/// It interprets nothing: that is the work of `dialects/`.
struct ModelFile {
    std::string path;
    std::string format; ///< "pytorch-checkpoint", "torchscript", "torch-package" or "onnx"
    std::uint64_t bytes = 0; ///< size of the main file
    std::vector<TensorInfo> tensors;
    std::optional<Graph> graph;
    std::map<std::string, std::string> metadata; ///< producer, opset, ...
    std::vector<std::string> opaque; ///< objects of unknown classes in a pickle: "path: module.Class"
    std::vector<Diagnostic> diagnostics;

    /// Position in `tensors`. Readers call buildIndex() last; of two equal names the first wins.
    std::optional<std::size_t> find(std::string_view name) const;
    void buildIndex();

private:
    std::map<std::string, std::size_t, std::less<>> m_byName;
};

} // namespace quantscope
