#pragma once

#include "base/diagnostic.h"
#include "base/error.h"
#include "graph/graph.h"
#include "graph/quant_info.h"
#include "tensor/tensor.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// One of the values at the top of a checkpoint that hold tensors: a set of weights, an optimizer, statistics.
struct ModelPart {
    std::string name; ///< its key, such as "ema"; a position in lists and tuples
    std::string prefix; ///< of its tensors' names: "ema."; deeper where a wrapper lies between: "ema.module."
    bool weights = false; ///< a set of weights, which can be shown
};

/// What a container says, read once and never changed: tensors by name, the graph where the file has one, metadata.
/// It interprets nothing: that is the work of `dialects/`.
struct ModelFile {
    std::string path;
    std::string format; ///< "pytorch-checkpoint", "torchscript", "torch-package", "safetensors", "numpy", "onnx",
                        ///< "xmodel" or "quant-info"
    std::uint64_t bytes = 0; ///< size of the file, of a model in several files of all of them
    std::vector<TensorInfo> tensors;
    std::optional<Graph> graph;
    std::map<std::string, std::string> metadata; ///< producer, opset, ...
    /// What the top of a checkpoint holds beside each other, in its order; empty where that is the state_dict itself.
    std::vector<ModelPart> parts;
    std::optional<std::size_t> shownPart; ///< position in `parts` of the weights that are taken; none: all of the file
    std::vector<std::string> opaque; ///< objects of unknown classes in a pickle: "path: module.Class"
    std::vector<Diagnostic> diagnostics;
    std::shared_ptr<const QuantInfo> quantInfo; ///< of vai_q_pytorch, where it was opened or belongs to the file

    /// Position in `tensors`. Readers call buildIndex() last; of two equal names the first wins.
    std::optional<std::size_t> find(std::string_view name) const;
    void buildIndex();

    const ModelPart *shown() const { return shownPart ? &parts[*shownPart] : nullptr; }
    /// What the names of the tensors that are taken start with; empty for all.
    std::string_view shownPrefix() const { return shownPart ? std::string_view(parts[*shownPart].prefix) : ""; }
    /// The names of the parts that can be shown: two and more are a choice.
    std::vector<std::string> weightParts() const;

private:
    std::map<std::string, std::size_t, std::less<>> m_byName;
};

/// The tensors of a part by the names that they have in it, without what DataParallel, moving averages and
/// torch.compile put before them; positions in ModelFile::tensors.
std::map<std::string_view, std::size_t> tensorsOf(const ModelFile &file, const ModelPart &part);

/// The tensors of two and more axes have the same names and shapes in both: two sets of weights of one model. Parts
/// without any compare all of their tensors.
bool haveSameLayers(const ModelFile &file, const ModelPart &a, const ModelPart &b);

/// The same file with another of its parts shown; what was read is shared. Errors (Usage): no such part, naming those
/// that there are.
Result<std::shared_ptr<const ModelFile>> withPart(
    const std::shared_ptr<const ModelFile> &file, const std::string &name);

} // namespace quantscope
