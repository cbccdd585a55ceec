#pragma once

#include "base/ids.h"
#include "dialects/torch/packed_weight.h"
#include "dialects/torch/reparametrization.h"
#include "graph/model_file.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// The parameters that a state_dict keeps for one quantizer, by field: "scaling_impl.value" -> position in
/// ModelFile::tensors. Field names are Brevitas' since 0.6, older spellings are translated.
struct StateQuantizer {
    Slot slot = Slot::Weight;
    bool before06 = false; ///< some key has a name of 2019 or 2020
    std::map<std::string, std::size_t, std::less<>> fields;
    bool torchAo = false; ///< its fields are torch.ao's: "scale", "zero_point", "min_val", "max_val"
};

/// The tensors of one module path.
struct StateLayer {
    std::string name;
    std::optional<std::size_t> weight;
    std::optional<std::size_t> bias;
    /// What the weight or bias is computed from, where the file does not hold it itself: `weight` then has its shape.
    std::optional<Reparametrization> weightFrom, biasFrom;
    std::optional<PackedWeight> packed; ///< of the weight, where that is words of several codes
    std::string kind; ///< where names tell it
    bool batchNorm = false; ///< it has running statistics
    std::vector<StateQuantizer> quantizers;

    const StateQuantizer *quantizer(Slot slot) const;
};

/// A state_dict grouped by module path, in file order; the checkpoint's own prefixes ("state_dict.", "module.") are
/// gone.
struct StateDict {
    std::vector<StateLayer> layers;
    std::map<std::string, std::size_t, std::less<>> positions; ///< layer's name -> position in `layers`
    bool hasBrevitasKeys = false;
    bool before06 = false; ///< some key has a name of 2019 or 2020
    bool torchAo = false; ///< quantized by torch.ao: no preset of Brevitas is to be assumed
    bool packed = false; ///< some weight is unpacked from words: no preset is to be assumed either
    std::string prefix; ///< what was taken off every name

    const StateLayer *layer(std::string_view name) const;
};

StateDict groupStateDict(const ModelFile &file);

/// The axis of the weight along which the scales that are stored for it lie: a scale of the shape [1,C,1,1] says that
/// the output channels are along axis 1. nullopt when no stored scale has the weight's number of axes and exactly one
/// axis of more than one element, of the weight's length.
std::optional<int> storedChannelAxis(const StateLayer &layer, const ModelFile &file);

} // namespace quantscope
