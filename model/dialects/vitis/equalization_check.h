#pragma once

#include "dialects/vitis/quant_info_join.h"

#include <vector>

namespace quantscope::vitis {

/// What the positions of quant_info.json say of equalization, by vai_q_pytorch's own rules.
enum class EqualizationEvidence {
    Proven, ///< they are those of the equalized values, and not of the checkpoint's
    Open, ///< both have them
    Against, ///< they are those of the checkpoint's values, and not of the equalized
    Neither, ///< some are of neither, as those of other weights
};

/// A weight or bias that vai_q_pytorch's equalization changes before it is rounded.
struct EqualizedSlot {
    SlotId slot;
    int axis = 0; ///< of the channels that have factors
    std::vector<double> factors;
    bool bothAxes = false; ///< the inputs have factors too, the inverse of those of the layer before
    std::vector<int> ownPositions; ///< of the checkpoint's values, by the rule
    bool ownFits = true; ///< the file's position is one of them
};

/// Convolutions that follow each other, with what equalizing them would change: no slot where every factor is 1.
struct EqualizedChain {
    std::vector<LayerId> layers;
    std::vector<EqualizedSlot> slots;
    EqualizationEvidence evidence = EqualizationEvidence::Open;
};

/// The chains that can be told and computed; nothing where the files do not tell what follows what, or weights cannot
/// be read. Reads the weights of these convolutions.
std::optional<std::vector<EqualizedChain>> equalizedChains(
    const Network &network, const QuantInfo &info, const QuantInfoJoin &join);

} // namespace quantscope::vitis
