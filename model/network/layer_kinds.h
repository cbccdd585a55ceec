#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A layer class that a recipe may name.
struct LayerKind {
    std::string_view name; ///< torch's
    int weightRank = 0; ///< axes of its weight; 0: no one number
    bool transposed = false; ///< the output channels lie along axis 1 of the weight
};

/// In any case, with or without Brevitas' prefix "Quant": "quantconvtranspose2d" is ConvTranspose2d.
const LayerKind *findLayerKind(std::string_view name);
std::vector<std::string> layerKindNames();
/// The convolution whose weight has so many axes ("ConvTranspose2d" for 4), empty when none has.
std::string convolutionName(std::size_t weightRank, bool transposed);

} // namespace quantscope
