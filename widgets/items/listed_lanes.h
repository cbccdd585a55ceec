#pragma once

#include "items/layer_lanes.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

/// The lines of a list, made when they are looked at.
class ListedLanes {
public:
    ListedLanes();
    ~ListedLanes();
    void drop(); ///< other rows, or another order
    void dropNotes(); ///< another network
    /// The row whose path is marked; nothing for none.
    void showPathOf(std::optional<int> row);
    /// Null where nothing flows between the rows.
    const LayerLanes *of(const std::shared_ptr<const Network> &network,
        const std::function<std::vector<LaneEntry>()> &entries, const std::function<std::optional<int>()> &pathRow);

private:
    std::unique_ptr<LayerLanes> m_lanes;
    std::optional<std::vector<JoinNote>> m_notes; ///< of the whole network, for every order and filter
    std::shared_ptr<const Network> m_noted; ///< whose notes they are
};

} // namespace quantscope
