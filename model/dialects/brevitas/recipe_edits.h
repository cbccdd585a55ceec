#pragma once

#include "recipe/recipe.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope {

struct Network;

/// A choice for one slot: a preset or a lab name with its keywords; without a preset the keywords join what is in
/// force.
struct SlotChoice {
    std::string layer;
    Slot slot = Slot::Weight;
    std::string preset;
    std::vector<std::pair<std::string, std::string>> overrides;
};

/// The recipe with the choice in force: in the slot's own entry when nothing later speaks of it, else in a new last
/// one. A preset takes the place of the earlier preset, keywords or sharing; what was said about the input stays.
Recipe withChoice(const Recipe &recipe, const SlotChoice &choice);
Recipe withChoices(const Recipe &recipe, const std::vector<SlotChoice> &choices);
/// The same with one entry for all layers of a branch that have the slot, where they are chosen alike
/// (`match = "backbone.stages.3.*"`): what it gives is what an entry for each would give.
Recipe withChoices(const Recipe &recipe, const std::vector<SlotChoice> &choices, const Network &network);

/// The recipe without one keyword of a slot, where an entry for that slot alone says it; else nullopt: what an entry
/// for several says is not one slot's to take away.
std::optional<Recipe> withoutKeyword(
    const Recipe &recipe, const std::string &layer, Slot slot, const std::string &keyword);

/// The recipe with a batch norm merged into a layer's weights, or, for an empty name, with the stored weights.
Recipe withBatchNorm(const Recipe &recipe, const std::string &layer, const std::string &batchNorm);

/// Some entry does not say what the file says, or comes from no file.
bool hasEdits(const Recipe &recipe);

} // namespace quantscope
