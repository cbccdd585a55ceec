#pragma once

#include "dialects/brevitas/settings.h"
#include "dialects/brevitas/state_dict.h"
#include "dialects/brevitas/version.h"
#include "network/network.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quantscope {

using SlotIndex = std::size_t; ///< position in BrevitasFacts::slots

/// One slot before it is resolved: where it stands, what the recipe says of it, and who shares its quantizer.
struct BrevitasSlotFacts {
    std::size_t layer = 0; ///< position in BrevitasFacts::layers
    std::size_t slot = 0; ///< position in Layer::slots
    SlotSettings settings;
    std::optional<SlotIndex> owner; ///< whose quantizer object this is
    std::vector<SlotIndex> sharers;
    std::vector<SlotIndex> oneStorage; ///< others whose threshold the file keeps in the same storage
    std::optional<std::size_t> proof; ///< position in Recipe::proofs
};

/// Everything that the quantizers of a state_dict follow from. Built once; resolving a slot only reads it.
struct BrevitasFacts {
    std::shared_ptr<const ModelFile> file;
    Recipe recipe;
    int version = kDefaultVersion;
    StateDict dict;
    std::vector<Layer> layers; ///< with merged batch norms; those of a recovered network hold their quantizers
    std::vector<std::string> inputs; ///< by layer: the one layer whose output it reads; empty where nothing tells
    const Network *exported = nullptr; ///< the same network as a graph, beside the file
    bool logDomain = false; ///< some stored activation threshold is negative: only log domains hold those
    std::vector<BrevitasSlotFacts> slots;
    std::map<std::pair<std::string, Slot>, SlotIndex> indexes;
    std::unordered_map<std::string, std::size_t> names, plainNames; ///< positions of layers; plain: without wrappers

    const Layer &layerOf(SlotIndex index) const { return layers[slots[index].layer]; }
    const std::string &inputOf(SlotIndex index) const { return inputs[slots[index].layer]; }
    const SlotQuantizer &slotOf(SlotIndex index) const { return layerOf(index).slots[slots[index].slot]; }
    /// "LAYER:SLOT", as `shared_with` names it.
    std::string nameOf(SlotIndex index) const;
    std::optional<SlotIndex> find(const std::string &layer, Slot slot) const;
    /// Also one that only wrappers of torch name otherwise.
    const Layer *layerNamed(std::string_view name) const;
    /// What the file keeps for a slot's quantizer; null when it has no keys of it.
    const StateQuantizer *keysOf(SlotIndex index) const;
    /// The same, or the keys of the owner whose quantizer it shares.
    const StateQuantizer *ownOrOwnersKeys(SlotIndex index) const;
    /// The key that holds a field, as the file spells it behind the layer's name; the field where it has none.
    std::string keyName(SlotIndex index, std::string_view field) const;
    /// A field of those, read now. Throws ParseError.
    std::optional<std::vector<float>> stored(SlotIndex index, std::string_view field, Shape *shape = nullptr) const;
    std::optional<float> storedScalar(SlotIndex index, std::string_view field) const;
    /// The axis of the weight's output channels is not merely that of most layers.
    bool knowsChannelAxis(SlotIndex index) const;
};

/// Facts of a network whose batch norms are merged already, recovered or not. An activation scale that cannot be read
/// tells nothing here and fails its own slot later. `dict` is that of its file. Errors (Usage): what `shared_with` says
/// cannot be.
Result<BrevitasFacts> gatherFacts(const Network &network, StateDict dict);
Result<BrevitasFacts> gatherFacts(const Network &network);

/// "LAYER" or "LAYER:SLOT" of a recipe, and the slot that it names.
struct SlotReference {
    std::string layer;
    std::vector<std::string> slots; ///< names: that behind the colon, or those that a layer's name alone may mean
    std::optional<SlotIndex> index;
};
SlotReference referenced(const BrevitasFacts &facts, const std::string &text, const std::vector<Slot> &slots);
/// Throws RecipeMismatch with the nearest name.
SlotIndex namedSlot(
    const BrevitasFacts &facts, const std::string &reference, const std::vector<Slot> &slots, const char *key);

/// " (entry 2, line 9)" of the recipe; empty for what is in no entry.
std::string entryText(const Recipe &recipe, int number);

} // namespace quantscope
