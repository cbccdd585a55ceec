#pragma once

#include "graph/model_file.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A parameter that the network computes from others in every pass: a checkpoint keeps those, not the parameter.
struct Reparametrization {
    enum class Rule {
        Masked, ///< P_orig * P_mask: torch.nn.utils.prune
        Unmasked, ///< P_orig alone: what makes P of it is not in the file
        WeightNorm, ///< P_v * (P_g / |P_v|): torch.nn.utils.weight_norm, also as a parametrization
        SpectralNorm, ///< P_orig / (u . W v): torch.nn.utils.spectral_norm in evaluation, also as a parametrization
        BatchNormed, ///< P * (bn.weight / sqrt(bn.running_var + epsilon)): quantization-aware training of torch.ao
        Unknown, ///< parametrizations.P.original under a class whose code is not in the file
    };
    Rule rule = Rule::Masked;
    std::string name; ///< of the parameter, as the file would name it
    /// Positions in ModelFile::tensors: first the one that has the parameter's shape (P_orig, P_v, original), then
    /// those of the rule: {P_mask}, {P_g}, {u, v}, {bn.weight, bn.running_var}.
    std::vector<std::size_t> tensors;
};

/// Whether the last part of a path is what torch calls a weight or a bias: "weight", "bias_hh_l0", "in_proj_weight".
bool isParameterName(std::string_view leaf);

/// The reparametrized weights and biases of a file by the position of their first tensor. A parameter that is in the
/// file itself is none. No element is read.
std::map<std::size_t, Reparametrization> reparametrizations(const ModelFile &file);

} // namespace quantscope
