#pragma once

#include "base/diagnostic.h"
#include "base/progress.h"
#include "graph/model_file.h"
#include "quant/quantizer.h"
#include "recipe/recipe.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A layer as the person who trained it names it, with its quantizers.
struct Layer {
    std::string name;
    std::string
        kind; ///< "Conv2d", "Linear", "ReLU", "Identity", ...; ONNX operators by their torch name where they have one
    bool kindAssumed = false; ///< a state_dict does not say it
    int groups = 1;
    int stride = 1; ///< only where a recipe says it
    std::string batchNorm; ///< of a state_dict: the one that follows by the file's order, or that a recipe merges
    bool batchNormMerged = false; ///< its parameters are in the weights and the bias
    std::vector<SlotQuantizer> slots;
    std::vector<std::string> fedBy; ///< layers whose output this one reads; only where a graph or recipe says it
    std::vector<std::string> feeds;

    const SlotQuantizer *slot(std::string_view wanted) const;
    SlotQuantizer *slot(std::string_view wanted);
};

/// A model with its quantizers: what the window, the command line and the exporters all show.
struct Network {
    std::shared_ptr<const ModelFile> file;
    std::string
        confirmedBy; ///< file name of the export whose codes all agree, empty when none was compared or one differs
    std::string toldBy; ///< file name of the export that told kinds and what feeds what; empty without one
    Recipe recipe;
    std::string dialect; ///< for people: "Brevitas state_dict", "PyTorch state_dict", "QONNX", "QCDQ", "ONNX"
    std::vector<Layer> layers;
    std::vector<Diagnostic> diagnostics; ///< the file's own first

    const Layer *layer(std::string_view name) const;
    Layer *layer(std::string_view name);
};

/// What else may be known when a state_dict is interpreted.
struct RecoverHints {
    /// The same network as a graph (an ONNX export): it tells transposed convolutions and which quantizer feeds which
    /// layer.
    const Network *graph = nullptr;
    /// The same file under another recipe: slots that the change does not touch are taken over, not computed again.
    const Network *previous = nullptr;
};

/// Layers, slots, shapes and kinds from names and types alone; reads no tensor's data. Quantizers are nullopt.
Network listLayers(std::shared_ptr<const ModelFile> file, const Recipe &recipe = {});

/// Everything: one pass over the bytes of the weights whose scale follows from statistics.
/// A quantizer that cannot be determined is nullopt with an error diagnostic; it never hides the others.
/// Errors: Usage (the recipe names an unknown layer as `input` or `shared_with`), Cancelled.
Result<Network> recoverQuantizers(std::shared_ptr<const ModelFile> file, const Recipe &recipe = {},
    const Progress &progress = {}, const RecoverHints &hints = {});

/// Why the quantizer of one slot is not known; null when nothing is said of that.
const Diagnostic *problemOf(const Network &network, const std::string &layer, const std::string &slot);

/// The recipe in force as TOML: what was read, given or assumed, one entry per quantizer that needs one.
std::string recipeToml(const Network &network);

/// A recipe that does not fit the file: thrown by the interpreters, a Usage error at the border.
class RecipeMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The interpreters behind the two functions above, one per kind of file.
Network listStateDict(std::shared_ptr<const ModelFile> file, const Recipe &recipe);
void recoverStateDict(Network &network, const Progress &progress, const RecoverHints &hints = {});
Network listOnnx(std::shared_ptr<const ModelFile> file);
void recoverOnnx(Network &network, const Progress &progress);

} // namespace quantscope
