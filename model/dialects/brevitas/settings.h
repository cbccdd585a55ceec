#pragma once

#include "base/ids.h"
#include "recipe/recipe.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantscope {

/// Everything a recipe says about one slot once its entries are merged.
struct SlotSettings {
    std::string preset; ///< empty: nothing said
    int presetEntry = 0; ///< recipe entry that gave it; 0: assumed
    std::string ownClass; ///< a class of the user's own, whatever preset it descends from
    std::string sharedWith;
    std::string scaleSharedWith, thresholdSharedWith; ///< "LAYER[:SLOT]"
    bool sharesWhole = false; ///< by an entry without a slot: whatever quantizers the other layer has
    std::string input;
    std::optional<double> inputScale, inputBitWidth;
    std::optional<bool> inputSigned;
    std::vector<std::pair<std::string, std::string>> overrides;
    std::map<std::string, int> overrideEntry; ///< keyword -> recipe entry
    bool mentioned = false;
    /// Said by entries that nobody confirmed.
    bool presetAssumed = false, sharingAssumed = false, inputAssumed = false;
    std::set<std::string, std::less<>> assumedKeywords;

    std::optional<std::string> value(std::string_view keyword) const;
};

/// An entry without a slot, but with a preset, speaks only of the slots that can have it: `match = "*"` and a weight
/// preset.
bool speaksOf(const RecipeQuantizer &entry, const std::string &layer, Slot slot);

/// Merges a recipe's entries for a slot: one with preset or shared_with replaces, others add; later wins.
/// `reachedByWildcards` is false for batch-norm parameters.
SlotSettings settingsFor(const Recipe &recipe, const std::string &layer, Slot slot, bool reachedByWildcards = true);
/// The same of the entries at `positions` alone: those that may reach the layer.
SlotSettings settingsFor(const Recipe &recipe, const std::vector<std::size_t> &positions, const std::string &layer,
    Slot slot, bool reachedByWildcards);

/// The last [[layer]] that merges a batch norm into a layer, or null.
const RecipeLayer *batchNormEntry(const Recipe &recipe, const std::string &layer);
bool sameBatchNorm(const Recipe &a, const Recipe &b, const std::string &layer);

} // namespace quantscope
