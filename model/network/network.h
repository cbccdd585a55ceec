#pragma once

#include "base/diagnostic.h"
#include "graph/model_file.h"
#include "network/dialect.h"
#include "network/flow.h"
#include "quant/quantizer.h"
#include "recipe/recipe.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What a file of the DPU says of one layer beside its quantizers. Positions are fractional bits.
struct DpuFacts {
    std::optional<int> inputPosition; ///< as an export beside the file has it
    std::optional<int> outputPosition; ///< onto which its sums are brought, where no quantizer tells
    std::optional<int> shiftCut, shiftBias; ///< as the compiler wrote them
};

/// A layer as the person who trained it names it, with its quantizers.
struct Layer {
    LayerId id{}; ///< its position in Network::layers
    std::string name;
    std::string
        kind; ///< "Conv2d", "Linear", "ReLU", "Identity", ...; ONNX operators by their torch name where they have one
    bool kindAssumed = false; ///< a state_dict does not say it
    int groups = 1;
    int stride = 1; ///< of a transposed convolution, where a recipe or the graph says it: the same along each axis
    bool strideTold = false;
    std::string batchNorm; ///< of a state_dict: the one that follows by the file's order, or that a recipe merges
    bool batchNormMerged = false; ///< its parameters are in the weights and the bias
    DpuFacts dpu;
    std::vector<SlotQuantizer> slots;

    const SlotQuantizer *slot(Slot wanted) const;
    SlotQuantizer *slot(Slot wanted);
    /// By its name, which comes from outside; null also for what is no slot's name.
    const SlotQuantizer *slot(std::string_view text) const;
};

/// A model with its quantizers: what the window, the command line and the exporters all show.
struct Network {
    std::shared_ptr<const ModelFile> file;
    std::string
        confirmedBy; ///< file name of the export whose codes all agree, empty when none was compared or one differs
    std::string toldBy; ///< file name of the export that told kinds and what feeds what; empty without one
    Recipe recipe;
    Dialect dialect = Dialect::PytorchStateDict;
    std::vector<Layer> layers;
    Flow flow; ///< what feeds what, as far as the file or an export beside it tells
    std::vector<Diagnostic> diagnostics; ///< the file's own first

    const Layer &layer(LayerId id) const { return layers[position(id)]; }
    const Layer *layer(std::string_view name) const;
    Layer *layer(std::string_view name);
    const SlotQuantizer *slot(const SlotId &id) const { return layer(id.layer).slot(id.slot); }
    /// Appends a layer and gives it its id.
    Layer &add(Layer layer);
};

/// The layer's or tensor's name that a diagnostic is about; empty for the whole file.
const std::string &subjectName(const Network &network, const Subject &subject);

/// Why the quantizer of one slot is not known; null when nothing is said of that.
const Diagnostic *problemOf(const Network &network, const SlotId &slot);

} // namespace quantscope
