#pragma once

#include "base/progress.h"
#include "dialects/brevitas/recipe_edits.h"
#include "lab/candidates.h"
#include "network/network.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope {

/// `LAYER[:SLOT]=CANDIDATE` as it is written; without a slot the weight's.
struct RunChoice {
    std::string layer;
    Slot slot = Slot::Weight;
    std::optional<CandidateText> candidate; ///< none: "float", no quantizer
};
/// Errors (Usage): no such form, an unknown candidate.
Result<RunChoice> parseRunChoice(const std::string &text);

/// A quantizer of one slot; no SlotQuantizer: none, float.
using ChosenQuantizer = std::pair<SlotId, std::optional<SlotQuantizer>>;

/// The choices as what applying them writes into the recipe; those that a recipe does not say (float, file) are left
/// out. `chosen` is what chosenQuantizers made of them.
std::vector<SlotChoice> choicesOfRecipe(
    const std::vector<RunChoice> &choices, const Network &network, const std::vector<ChosenQuantizer> &chosen);

/// What is another quantizer in the same network under another recipe, of slots that have one there; of those that have
/// none any more nothing stands for it.
std::vector<ChosenQuantizer> changedQuantizers(const Network &before, const Network &after);

/// What the choices put in the place of the network's quantizers, with what follows from them: a bias whose scale is
/// that of the layer's input times that of its weight gets the new product, and slots that share a quantizer have it
/// together. `allFloat` switches every other quantizer
/// off. Errors (Usage): a layer or slot that is not there, a candidate that cannot be had, a slot named twice.
Result<std::vector<ChosenQuantizer>> chosenQuantizers(
    const Network &network, const std::vector<RunChoice> &choices, bool allFloat, const Progress &progress = {});

} // namespace quantscope
