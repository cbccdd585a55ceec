#pragma once

#include "base/ids.h"

#include <optional>
#include <string>

namespace quantscope::script {

/// "fc" of "fc._packed_params._packed_params".
std::string moduleOf(std::string path);

/// "lin" of the tensor "lin.weight"; empty for tensors of the top and for constants.
std::string ownerOf(const std::string &tensor);

/// FX names the parameters of what quantizes a layer's input: "conv1" of "conv1_input_scale_0"; empty for other names.
std::string layerOfInputScale(const std::string &tensor);

/// A module of torch.ao that quantizes for the module that holds it: the holder's path, and what it quantizes there.
struct HelperModule {
    std::string owner;
    Slot slot = Slot::Weight;
};
std::optional<HelperModule> helperModule(const std::string &path);

} // namespace quantscope::script
