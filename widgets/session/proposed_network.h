#pragma once

#include "analysis/inspection.h"
#include "dialects/brevitas/recipe_edits.h"
#include "lab/network_totals.h"
#include "open/open_network.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// A network as it would be with choices applied, computed as applying them would.
struct ProposedNetwork {
    Recipe recipe; ///< with the choices
    Inspection inspection; ///< of that network, with the figures of what is in force where nothing changes
    std::vector<SlotId> changed; ///< slots with other codes or another scale than in force, in the file's order
    std::map<SlotId, std::string> problems; ///< why one of those has no figures
    NetworkTotals totals;
};

/// For workers. `recipe` is the one in force with every edit, `previous` an earlier answer for the same model, of which
/// what still holds is taken; may be null. Errors as recovering has them.
Result<std::shared_ptr<const ProposedNetwork>> proposeNetwork(const OpenedModel &opened, const Inspection &inForce,
    const Recipe &recipe, const std::vector<SlotChoice> &choices, const ProposedNetwork *previous,
    const Progress &progress);

} // namespace quantscope
