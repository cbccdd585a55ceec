#pragma once

#include "network/joins.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A layer, or an end of the network, next to another layer through operators.
struct Neighbour {
    enum class Kind {
        Layer,
        Elsewhere, ///< a layer that only the export has which told the flow
        End, ///< an input or output of the network
    };
    Kind kind = Kind::Layer;
    std::string name;
    std::optional<LayerId> layer = {}; ///< of Kind::Layer
    /// What it gives, or what it makes of what it gets: of a layer that is read the quantizer of what is read, of one
    /// that reads the one that meets it first, else the one of what it makes.
    std::optional<SlotId> quantizer = {};
    Arrival::Kind grid = Arrival::Kind::Unknown; ///< of a layer that is read: what it gives
    std::vector<FlowNodeId> operators = {}; ///< between the two and common to no other, in the direction of the data
    bool differs = false; ///< its quantizer disagrees with others where they are joined on the way
};

/// One side of a layer.
struct Side {
    std::vector<Neighbour> neighbours; ///< in the order of the inputs or consumers in the file
    std::vector<FlowNodeId>
        operators; ///< that all ways have in common, nearest the layer, in the direction of the data
    std::vector<Join> disagreeing; ///< joins on the ways whose inputs disagree
};

/// Where a layer sits.
struct Neighbourhood {
    Side inputs, outputs;
    std::optional<SlotId> own; ///< the quantizer of what the layer gives
    std::vector<SlotId> read; ///< inputQuantizers()

    bool empty() const { return inputs.neighbours.empty() && outputs.neighbours.empty(); }
};

/// What feeds what in one network, kept for asking about one layer after another. The network must outlive it.
class Neighbourhoods {
public:
    explicit Neighbourhoods(const Network &network);
    /// As the flow tells; where it does not know the layer, the layers that the recipe names as `input`, with as many
    /// neighbours as there are, none left out.
    Neighbourhood of(LayerId layer) const;

    /// Through operators, in one direction, to layers and to the ends of the network.
    struct Walk {
        std::vector<bool> operators; ///< one a node: passed
        std::vector<FlowEdge> ends; ///< the last edges, each end once
    };

private:
    Side sideOf(FlowNodeId node, bool above) const;
    Neighbour neighbour(const FlowEdge &edge, bool above) const;
    void addOperators(Side &side, FlowNodeId node, const Walk &walk, bool above) const;
    Side recipeSide(const std::vector<std::string> &names) const;
    std::optional<SlotId> givenBy(LayerId layer) const;
    bool quantizes(const SlotId &id) const;

    const Network &m_network;
    Arrivals m_arrivals;
    std::vector<Join> m_joins; ///< that disagree
};

} // namespace quantscope
