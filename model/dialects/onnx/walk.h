#pragma once

#include "dialects/folding/fold.h"
#include "dialects/onnx/constant_paths.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace quantscope::interpret {

/// Operators that change neither a value nor which tensor it is: Identity, Cast, Transpose, Reshape, Flatten, Squeeze,
/// Unsqueeze.
bool keepsValues(const Node &node);

bool isQuant(const Node &node); ///< Quant or IntQuant of any QONNX domain
bool isBipolar(const Node &node); ///< BipolarQuant
bool isTrunc(const Node &node);
bool isFloatQuant(const Node &node);
bool isQuantize(const Node &node); ///< QuantizeLinear, also of domains that repeat it with more types
bool isDequantize(const Node &node);
bool isFixNeuron(const Node &node); ///< Vitis AI's, of any domain

/// The Cast makes a type that holds every code of that one.
bool castHolds(const Node &cast, DType codes);

/// Where a path up through keepsValues operators ends.
struct Source {
    ValueId value = kNoValue;
    std::optional<NodeId> node; ///< that makes it; empty for tensors and graph inputs
};
Source sourceOf(const Graph &graph, ValueId value);

/// A constant tensor as it arrives somewhere: the file's own tensor where only its shape and strides change on the way,
/// so that weights of any size are streamed; else computed, within limits.foldElements.
class Constants {
public:
    explicit Constants(std::shared_ptr<const ModelFile> file)
        : m_file(std::move(file))
        , m_folder(*m_file)
        , m_paths(*m_file)
    {
    }

    const ModelFile &file() const { return *m_file; }
    const Graph &graph() const { return *m_file->graph; }
    Folder &folder() { return m_folder; }
    const ConstantPaths &paths() const { return m_paths; }

    /// Without reading elements (but for the shape operands of Reshape); nullptr when it would have to be computed.
    std::shared_ptr<const TensorInfo> view(ValueId value);
    /// The same for integer codes, also behind a Clip and behind Casts to types that hold them all.
    std::shared_ptr<const TensorInfo> codesView(ValueId value);
    /// The view, or the computed tensor. Throws ParseError, NotConstant.
    std::shared_ptr<const TensorInfo> tensor(ValueId value);
    /// Computed, even where there is a view. The element type is int64, float32, or a small float; the graph's own type
    /// is folder().fold(value).dtype.
    std::shared_ptr<const TensorInfo> computed(ValueId value);

    /// What Transpose, Reshape, Flatten, Squeeze and Unsqueeze make of a shape. Nothing when a list of axes is absent;
    /// throws ParseError, NotConstant.
    std::optional<Shape> shapeBehind(const Node &node, const Shape &from);

private:
    std::shared_ptr<const TensorInfo> viewAt(ValueId value, int depth, bool codes);
    std::shared_ptr<const TensorInfo> reshaped(const Node &node, const TensorInfo &from);

    std::shared_ptr<const ModelFile> m_file;
    Folder m_folder;
    ConstantPaths m_paths;
};

} // namespace quantscope::interpret
