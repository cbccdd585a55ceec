#pragma once

#include "graph/model_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope::vitis {

/// fix_point, bit_width, if_signed and round_mode of one operator or of the tensor that it makes.
struct ReadFix {
    std::int64_t fixPoint = 0;
    std::int64_t bitWidth = 0;
    std::optional<bool> isSigned;
    std::string roundMode; ///< empty where the file says none
    bool ofTensor = false; ///< attributes of the output tensor, not of the operator

    /// The same numbers, wherever they stand.
    bool sameAs(const ReadFix &other) const
    {
        return fixPoint == other.fixPoint && bitWidth == other.bitWidth
            && isSigned.value_or(true) == other.isSigned.value_or(true);
    }
};

/// An operator of XIR with trained operands, by its type without "-fix".
struct XirOperator {
    enum class Weights {
        OutKernelIn, ///< [out][kernel...][in]
        Depthwise, ///< [multiplier][kernel...][in]
        Transposed, ///< [out][kernel...][in] of a convolution over the dilated input, its kernel turned around
        Product, ///< the right operand of a matrix product
        Rows, ///< [out][in]
        Channel, ///< one value a channel
    };
    std::string_view type;
    std::string_view kind; ///< torch's name; of convolutions without the dimension
    std::string_view weight; ///< name of its argument; of Product the second operator of `input`
    std::string_view bias;
    Weights weights;
    std::size_t kernelAxes = 0;
};

/// A graph of the domain "xir", with what its operators are to each other. The file must outlive it.
class XirGraph {
public:
    explicit XirGraph(const ModelFile &file);

    const Graph &graph() const { return m_graph; }
    const Node &node(NodeId id) const { return m_graph.nodes[id]; }
    std::size_t size() const { return m_graph.nodes.size(); }

    bool isConstant(NodeId id) const { return isType(id, "const"); }
    /// Constants, and what is computed of nothing but constants: shapes, quantized weights.
    bool followsFromConstants(NodeId id) const { return m_fromConstants[id]; }
    /// Rounds: `fix` and `float2fix`.
    bool isQuantizer(NodeId id) const { return node(id).opType == "fix" || node(id).opType == "float2fix"; }
    bool isData(NodeId id) const { return isType(id, "data"); }
    /// Its type, or that with "-fix".
    bool isType(NodeId id, std::string_view type) const;
    /// Hands its first input on: the same elements, moved.
    bool isCarrier(NodeId id) const;
    const XirOperator *findOperator(NodeId id) const;

    std::optional<ReadFix> fixOf(NodeId id) const;
    /// Positions of what is read under the name of an argument.
    std::vector<ValueId> argument(NodeId id, std::string_view name) const;
    std::optional<NodeId> producer(ValueId value) const;
    std::optional<NodeId> firstProducer(NodeId id) const { return producer(node(id).input(0)); }
    /// The only operator that reads what this one makes; nothing where there are several or none.
    std::optional<NodeId> onlyConsumer(NodeId id) const;
    std::vector<std::int64_t> dims(NodeId id) const;
    std::string text(NodeId id, std::string_view attribute) const;
    std::optional<std::size_t> tensor(NodeId id) const;

    /// Producers first; what does not depend on each other in the file's order.
    const std::vector<NodeId> &order() const { return m_order; }
    /// A name without that of the graph, which the tools put before it.
    std::string shortName(const std::string &name) const;
    /// "torch"'s order of axes is not the model's own: it was made of a TensorFlow graph.
    bool ofTensorFlow() const { return m_ofTensorFlow; }

private:
    void sortNodes();

    const ModelFile &m_file;
    const Graph &m_graph;
    std::vector<NodeId> m_order;
    std::vector<bool> m_fromConstants;
    bool m_ofTensorFlow = false;
};

/// The torch name of an operator without weights: "MaxPool2d"; its own type where torch has none.
std::string operatorKind(const Node &node);

} // namespace quantscope::vitis
