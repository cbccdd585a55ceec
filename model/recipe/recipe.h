#pragma once

#include "base/error.h"
#include "base/ids.h"
#include "recipe/recipe_words.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantscope {

/// One [[quantizer]] of a recipe: which quantizers it speaks of and what it says about them.
struct RecipeQuantizer {
    std::string match = "*"; ///< glob on the layer's path
    std::optional<Slot> slot; ///< nullopt: any slot
    std::optional<std::string> preset;
    std::optional<std::string> sharedWith;
    std::optional<std::string> scaleSharedWith; ///< "LAYER[:SLOT]" with which threshold and int scaling are shared
    std::optional<std::string> thresholdSharedWith; ///< "LAYER[:SLOT]" with which the stored threshold alone is shared
    std::optional<std::string> ownClass; ///< "module.Class" of a quantizer that is none of Brevitas'
    std::optional<std::string> input;
    std::optional<double> inputScale;
    std::optional<double> inputBitWidth;
    std::optional<bool> inputSigned;
    std::vector<std::pair<std::string, std::string>> overrides; ///< Brevitas keyword -> value as text
    bool assumed = false; ///< nobody has confirmed what it says
    int number = 0; ///< 1-based position in the file, for provenance ("entry 5")
    int line = 0; ///< 0 when it does not come from a file
    bool edited = false; ///< changed since it was read
};

/// One [[layer]]: what a state_dict cannot say about a layer.
struct RecipeLayer {
    std::string match = "*";
    std::optional<std::string> kind; ///< "Conv2d", "ConvTranspose2d", "Linear", "Embedding", ...
    std::optional<int> groups;
    std::optional<int> stride;
    std::optional<std::string> batchNorm; ///< the batch norm that is merged into this layer's weights
    std::optional<double> epsilon; ///< its eps; torch's default is 1e-5
    int line = 0; ///< 0 when it does not come from a file
    bool edited = false; ///< changed since it was read
};

/// One [[proof]]: what the live model computed for one quantizer, or what an export of it told. What it does not tell
/// is nullopt.
struct RecipeProof {
    std::string layer;
    Slot slot = Slot::Weight;
    std::optional<double> bitWidth;
    std::optional<bool> isSigned;
    std::optional<std::vector<double>> scale; ///< row-major order of the scale; doubles as hexFloat writes them
    std::optional<std::vector<double>> zeroPoint;
    std::optional<std::string> codesSha256; ///< of the codes as little-endian int32, in lower case
    std::optional<std::string> from; ///< file name of the export that told it; nullopt: the live model
    int number = 0; ///< 1-based position in the file
    int line = 0;
    bool operator==(const RecipeProof &) const = default;
};

/// What the training code said about the quantizers, in Brevitas' own words.
struct Recipe {
    std::optional<std::string> brevitas; ///< version; nullopt means 0.10.2, assumed
    std::vector<RecipeLayer> layers;
    std::vector<RecipeQuantizer> quantizers;
    std::vector<RecipeProof> proofs;
    std::vector<std::string> mutes; ///< [checks] mute: "RULE" or "RULE:LAYER", globs, of findings that are not counted
    std::string path; ///< empty when nobody gave one
    std::string takenFrom; ///< file names of the exports that it follows from; empty for one that somebody wrote
    std::string sha256; ///< of the file's bytes
    const RecipeWords *words = nullptr; ///< that it was read with
    /// It says nothing of quantizers; what it mutes does not count.
    bool empty() const { return quantizers.empty() && layers.empty() && proofs.empty() && !brevitas; }
};

/// What input_bit_width and input_scale of a recipe may be.
bool isBitWidth(double value);
bool isScale(double value);

/// "model.recipe.toml" beside "model.pt" when it exists.
std::optional<std::string> recipeBeside(const std::string &modelPath);

} // namespace quantscope
