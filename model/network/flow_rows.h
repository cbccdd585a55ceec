#pragma once

#include "network/flow.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantscope {

struct Network;

/// How what one row of a list makes comes to another row. The first of them that holds counts.
enum class LinkKind : std::uint8_t {
    Data, ///< directly, or through operators
    Hidden, ///< only through layers that are not listed
    ShapeOnly, ///< its values are not read
};
constexpr std::size_t kLinkKinds = 3;

/// Row `to` of a list reads what row `from` makes; each pair is there once.
struct RowLink {
    std::uint32_t from = 0, to = 0;
    LinkKind kind = LinkKind::Data;
    bool operator==(const RowLink &) const = default;
};

struct RowLinks {
    std::vector<RowLink> links; ///< by `to`, then by `from`
    std::vector<bool> more; ///< of each row: it reads further rows, all of them above those of its links

    /// Those that a row reads.
    std::span<const RowLink> into(std::uint32_t row) const;
};

/// What a list of a network shows in one row.
struct FlowEntry {
    std::optional<LayerId> layer; ///< nothing for operators, inputs and outputs
    std::optional<FlowNodeId> node; ///< nothing for a layer that the flow does not know
};

/// Every layer of a network once, each after those that feed it (Flow::layerOrder()). One that the flow does not know
/// follows the one before it in the file: without a flow this is the order of the file. `everything`: also the nodes of
/// the flow that are no layers, each as soon as it can be.
std::vector<FlowEntry> flowEntries(const Network &network, bool everything);

/// What rows read of each other; no row stands for a node twice, and a row without a node reads nothing. Paths end at
/// rows and lead through everything else. A row that reads more than kMostSources others has the last of them.
RowLinks linksBetween(const Flow &flow, std::span<const std::optional<FlowNodeId>> rows);

/// More would not be told apart, and the rows of a dense block all read all before them.
constexpr std::size_t kMostSources = 64;

} // namespace quantscope
