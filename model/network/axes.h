#pragma once

#include "network/network.h"

#include <string>
#include <vector>

namespace quantscope {

/// What runs along an axis of a layer's tensor.
enum class AxisRole {
    OutChannel,
    InChannel,
    Depth, ///< of a kernel
    Height,
    Width,
    Entry, ///< which vector of an embedding's table
    Feature, ///< element of that vector
    Stack, ///< which one of stacked matrices
    Direction, ///< forward or backward, of a recurrent operator of ONNX
    Unknown,
};

struct AxisMeaning {
    AxisRole role = AxisRole::Unknown;
    std::string name; ///< "out", "in", "in/groups" of a grouped convolution, "kh", "entry", ...; "a3" when not known
    std::string
        letter; ///< for an index: "o", "i", "d", "h", "w", "k" of a kernel in one dimension; "a3" when not known

    bool operator==(const AxisMeaning &) const = default;
};

/// One meaning per axis, in the order of the stored tensor. The output channels lie where `channelAxis` says, so that
/// ONNX' [in][out] matrices, stacked or not, and PyTorch's [out][in] get their own words. An axis that the layer's
/// kind, the slot and the number of axes do not explain is Unknown: nothing is guessed from the rank alone. Empty for
/// slots without a tensor.
std::vector<AxisMeaning> axisMeanings(const Layer &layer, const SlotQuantizer &slot);

/// The names, and the letters, of these meanings.
std::vector<std::string> axisNames(const Layer &layer, const SlotQuantizer &slot);
std::vector<std::string> axisLetters(const Layer &layer, const SlotQuantizer &slot);

} // namespace quantscope
