#pragma once

#include "base/ids.h"
#include "graph/graph.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// A node of one Flow: its position in Flow::nodes().
enum class FlowNodeId : std::uint32_t {};
constexpr std::size_t position(FlowNodeId id) { return static_cast<std::size_t>(id); }

struct FlowNode {
    enum class Kind {
        Layer,
        Operator, ///< without a quantizer: MaxPool, Add, Reshape, ...; also those that quantize in a way not decoded
        Input, ///< of the network
        Output, ///< of the network
        Elsewhere, ///< a layer that only the export has which told the flow: it ends a search as a layer does
    };
    Kind kind = Kind::Operator;
    std::optional<LayerId> layer = {}; ///< of Kind::Layer
    std::string name
        = {}; ///< as the file has it: empty for unnamed operators; of inputs and outputs their value's name
    std::string opType = {}; ///< of operators, such as "MaxPool"; of Elsewhere its layer's kind
    std::string domain = {}; ///< of the operator; empty for ai.onnx
    std::string scope = {}; ///< path of the subgraph that holds an operator; empty at the top
    std::vector<NodeId> graphNodes = {}; ///< of ModelFile::graph: the operator, or all that a layer is made of

    /// Ends a search for what feeds what.
    bool isStop() const { return kind == Kind::Layer || kind == Kind::Elsewhere; }
};

/// What a node does with the values that it reads over one edge.
enum class FlowUse : std::uint8_t {
    Computes, ///< makes others of them, or it is not known what
    Keeps, ///< hands them on as they are, or some of them: MaxPool, Reshape, Slice
    Pads, ///< the same, with zeros among them
    Merges, ///< hands them on beside those of its other inputs of this use: Concat, Where, Max
    Sums, ///< makes others of them and of its other inputs of this use, as of numbers on one grid: Add, Sub
};

/// One reading of a value. Ports are the positions among the outputs and inputs of the operators in the file; a layer
/// made of several operators has the ports of each.
struct FlowEdge {
    FlowNodeId from{};
    std::uint32_t output = 0;
    FlowNodeId to{};
    std::uint32_t input = 0;
    std::string value = {}; ///< its name in the file; may be empty
    bool shapeOnly = false; ///< it carries what was computed from shapes alone
    FlowUse use = FlowUse::Computes; ///< of operators; a layer computes
    std::optional<SlotId> quantizer = {}; ///< that makes the value
    std::optional<SlotId> requantizer = {}; ///< of the reading layer: it quantizes the value before anything else
    bool opaque = false; ///< without `quantizer`: what makes the value is not decoded, or not known
    bool constant = false; ///< the value is a constant that the layer quantizes: it meets what flows, and feeds nothing
    bool moved = false; ///< on the way from the quantizer elements may have changed places
};

/// What feeds what in a network, with the operators between the layers. Of constants those alone are part of it that a
/// layer of their own quantizes, where operators read them. An immutable value: copies share what they hold. Empty
/// where neither the file nor an export beside it has a graph.
class Flow {
public:
    Flow();

    bool empty() const { return nodes().empty(); }
    /// Layers first, in the order of the file that told them, then operators in that order, inputs, outputs.
    std::span<const FlowNode> nodes() const;
    const FlowNode &node(FlowNodeId id) const { return nodes()[position(id)]; }
    /// In the order of the consumers in the file, and of their inputs.
    std::span<const FlowEdge> edges() const;
    /// Nothing for a layer that the flow does not know.
    std::optional<FlowNodeId> nodeOf(LayerId layer) const;

    std::vector<FlowEdge> edgesInto(FlowNodeId id) const;
    std::vector<FlowEdge> edgesFrom(FlowNodeId id) const;
    /// The neighbours, each once, in the order of the edges.
    std::vector<FlowNodeId> producers(FlowNodeId id) const;
    std::vector<FlowNodeId> consumers(FlowNodeId id) const;

    /// The nearest layers above a node through operators, by ascending id and without the node itself; at most
    /// kMostUpstream. Of a node that makes values none that give it a shape alone, nor constants.
    std::vector<FlowNodeId> upstream(FlowNodeId id) const;
    /// The nearest layers below it: of a layer those that have it upstream.
    std::vector<FlowNodeId> downstream(FlowNodeId id) const;
    /// The operators on the ways from one node to another that pass no layer, producers first.
    std::vector<FlowNodeId> between(FlowNodeId from, FlowNodeId to) const;
    /// Operators and layers with more than one input that carries data: shapes, and a way from the node back to itself,
    /// are none. By ascending id.
    std::vector<FlowNodeId> joins() const;
    /// All layers of the flow, each after those that feed it; those that do not depend on each other by ascending id.
    /// Layers on a cycle stand together.
    std::vector<LayerId> layerOrder() const;

    /// A dense block joins dozens of branches; more names than this would not be read.
    static constexpr std::size_t kMostUpstream = 32;

private:
    friend class FlowBuilder;
    struct Parts;
    explicit Flow(std::shared_ptr<const Parts> parts)
        : m_parts(std::move(parts))
    {
    }

    std::shared_ptr<const Parts> m_parts;
};

} // namespace quantscope
