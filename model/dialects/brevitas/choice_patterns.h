#pragma once

#include "dialects/brevitas/recipe_edits.h"

#include <string>
#include <vector>

namespace quantscope {

struct Network;

/// Choices that say the same of one slot, by one pattern each for whole branches of the network.
struct CoveredChoices {
    std::vector<SlotChoice> patterns; ///< `layer` is a pattern, "backbone.stages.3.*", that reaches chosen slots alone
    std::vector<SlotChoice> alone; ///< of layers by their names; they take effect behind the patterns
};

/// A pattern stands for two or more layers, and for no slot that was not chosen. What an entry by name says otherwise
/// than one by pattern is said by name too: of quantizers that share with others, of vectors and batch norms, of
/// keywords that have no effect. `choices` are of one slot, with the same preset and keywords.
CoveredChoices coverChoices(const Network &network, const std::vector<SlotChoice> &choices);

/// The entries as few as say the same, in their order; each is of one slot, the last word of it, and of a layer by its
/// name. Those of weights, biases and activations that say the same become patterns that reach no other slot.
std::vector<RecipeQuantizer> gatheredByPattern(const std::vector<RecipeQuantizer> &entries, const Network &network);

} // namespace quantscope
