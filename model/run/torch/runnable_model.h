#pragma once

#include "network/network.h"
#include "open/open_network.h"
#include "run/run_choices.h"
#include "run/run_request.h"

#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// A model and the graph that runs for it: its own, or of a checkpoint that of the export beside it, with the
/// quantizers of checkpoint and recipe.
class RunnableModel {
public:
    /// Errors: as openNetwork; Usage: a checkpoint without an export beside it, a file without a graph.
    static Result<RunnableModel> open(const RunModel &model, const Progress &progress);

    /// What the model opens as: layers are named and chosen in it.
    const Network &shown() const { return *m_shown; }
    const std::shared_ptr<const Network> &graph() const { return m_graph; }
    const std::vector<std::string> &notes() const { return m_notes; }
    /// The same layer in the shown network; none for what only the graph has.
    std::optional<LayerId> shownLayer(LayerId inGraph) const;
    /// Quantizers by slots of the graph, and what is to be said of them.
    struct PlacedQuantizers {
        std::vector<ChosenQuantizer> quantizers;
        std::vector<std::string> notes;
    };
    /// What stands in the place of the graph's own quantizers. Errors as chosenQuantizers; Usage: a choice for a slot
    /// that has no place in the graph.
    Result<PlacedQuantizers> quantizers(
        const std::vector<std::string> &with, bool allFloat, const Progress &progress) const;

private:
    std::optional<ChosenQuantizer> inGraph(const ChosenQuantizer &chosen) const;
    Result<PlacedQuantizers> placed(
        PlacedQuantizers out, const std::vector<ChosenQuantizer> &chosen, const std::vector<RunChoice> &choices) const;
    void switchGraphOff(PlacedQuantizers &out) const;
    bool isNamed(const std::vector<RunChoice> &choices, const SlotId &shown) const;
    std::string nameOf(const SlotId &shown) const;
    void findDifferences(const std::string &exportName);

    /// As after applying the choices: the recipe with them in it is recovered, and what it changes stands in the place
    /// of what `chosen` follows for itself. Nothing where the file takes no recipe.
    Result<void> applyRecipe(PlacedQuantizers &out, const std::vector<RunChoice> &choices,
        std::vector<ChosenQuantizer> &chosen, const Progress &progress) const;

    std::optional<OpenedModel> m_opened; ///< of a file whose quantizers a recipe settles
    std::shared_ptr<const Network> m_shown, m_graph;
    std::vector<ChosenQuantizer> m_differences; ///< of the shown network's quantizers from the graph's, in the graph
    std::vector<std::string> m_notes;
};

} // namespace quantscope
