#pragma once

#include "diff/diff.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What became of one layer: that of its slots together.
struct LayerChange {
    std::optional<LayerId> a, b; ///< the layer in each
    SlotState state = SlotState::Same; ///< only in one where none of its slots is paired
    std::vector<std::size_t> slots; ///< positions in ModelDiff::slots
    std::optional<double> share; ///< of the codes of one tensor that changed, 0..1: the largest; nothing without codes
    std::vector<std::string> fields; ///< keys of what differs beside the codes: "bit_width", "scale", "bias only in A"
    bool incomplete = false; ///< something of it was not compared
};

/// One for each layer with a slot in `diff`, in the order of the first model, then what only the second has.
std::vector<LayerChange> layerChanges(const ModelDiff &diff);

/// "12.5 %" of the codes, else the field that differs ("scale", "scale +1"), "only in A", "only in B", "same", or
/// "same?" where not everything was compared.
std::string changeText(const LayerChange &change);

/// The larger the worse: only in one of them, what could not be compared, codes by their share, fields alone, the same.
double changeWorth(const LayerChange &change);

/// "3 of 8 layers changed, 1 only in the first, 2 only in the second"; "all 8 layers are the same". The layers counted
/// are those of the first.
std::string changesText(const std::vector<LayerChange> &changes);

/// "assumed in 12 of 14 slots of the first, 2 of 14 of the second": quantizers that nobody has said, in what is the
/// same too; empty where there are none.
std::string assumedText(const ModelDiff &diff);

} // namespace quantscope
