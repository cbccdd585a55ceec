#pragma once

#include "network/network.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace quantscope {

/// What one edge of a flow carries: the values of one quantizer, as they are or some of them, or something else.
struct Arrival {
    enum class Kind {
        Quantized, ///< the values of `quantizer`
        Several, ///< values of several quantizers that disagree, side by side
        Plain, ///< not quantized: an input of the network, what a layer or an operator computes
        Unknown, ///< made by what is not decoded, by a slot whose quantizer is not known, or on a cycle; of a
                 ///< quantizer with several scales, also what was moved
    };
    Kind kind = Kind::Unknown;
    std::size_t edge = 0; ///< its position in Flow::edges()
    std::optional<SlotId> quantizer = {}; ///< of Quantized; of Unknown the slot whose quantizer is not known
    FlowNodeId source{}; ///< the node that made the values: its layer, an operator, an input of the network

    bool operator==(const Arrival &) const = default;
};

/// What arrives where in a network, found in one pass over its flow: a quantizer is followed down through the operators
/// that keep its values (FlowUse), and through those that merge values of equal quantizers. The network must outlive
/// it.
class Arrivals {
public:
    explicit Arrivals(const Network &network);

    const Arrival &over(std::size_t edge) const { return m_arrivals[edge]; }
    /// Over the edges that carry data to a node (no shapes, nor what a layer makes of constants alone), in the order of
    /// its inputs in the file.
    std::vector<Arrival> into(FlowNodeId node) const;
    /// What a layer or an input of the network gives to an edge of its own; without the edge's position.
    Arrival leaving(const FlowEdge &edge) const;
    const Network &network() const { return m_network; }

private:
    void settle(FlowNodeId node);
    Arrival throughOperator(FlowNodeId node) const;
    Arrival kept(const Arrival &arrival, FlowUse use, FlowNodeId node) const;
    Arrival inPlace(const Arrival &arrival, FlowNodeId node) const;
    Arrival merged(const Arrival &a, const Arrival &b, FlowNodeId node) const;
    const Quantizer *quantizerOf(const Arrival &arrival) const;
    bool isOfConstants(FlowNodeId node) const;

    const Network &m_network;
    std::vector<std::vector<std::uint32_t>> m_into, m_from; ///< of each node, its edges
    std::vector<bool> m_ofConstants; ///< of each node: a layer without quantizers made it of constants alone
    std::vector<Arrival> m_arrivals; ///< one an edge
};

/// The quantizers whose values a layer reads, each once, in the order of its inputs: its own `input` quantizer for what
/// that reads, else those that arrive as the flow tells; without a flow those that the recipe names as `input` of its
/// slots. An input that arrives without a known quantizer gives none.
std::vector<SlotId> inputQuantizers(const Arrivals &arrivals, LayerId layer);

} // namespace quantscope
