#pragma once

#include "network/network.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// The nearest layers whose output a layer reads, through operators that are no layers, as the network's flow tells.
/// Where an export tells it, its order, and without the layers that only it has.
std::vector<LayerId> fedBy(const Network &network, LayerId layer);
/// The nearest layers that read its output.
std::vector<LayerId> feeds(const Network &network, LayerId layer);

/// The same by name, with the layers that only the export has: none of the others is nearer than these.
std::vector<std::string> fedByNames(const Network &network, LayerId layer);
std::vector<std::string> feedsNames(const Network &network, LayerId layer);

/// The one layer that a layer reads, by name; empty where it reads several, or where nothing tells.
std::string onlyInput(const Network &network, LayerId layer);

/// For people: fedByNames, else the layers that the recipe names as `input` of a slot. And the other way round. Without
/// the layer itself, whose own quantizer a recipe may name.
std::vector<std::string> inputLayers(const Network &network, const Layer &layer);
std::vector<std::string> outputLayers(const Network &network, const Layer &layer);

/// What "LAYER" or "LAYER:SLOT" of a recipe means: a layer's name alone its `act`, else its `output`. Names are taken
/// with or without what torch.compile and DataParallel put into them. Nothing where there is no such slot.
std::optional<SlotId> slotNamed(const Network &network, const std::string &text);

/// What an export of the same network tells of another file's flow: its layers that the file has, by name, the others
/// as Elsewhere, and the operators that lie between any of them.
Flow flowWithin(const Network &exported, const Network &network);

} // namespace quantscope
