#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// How one tensor is quantized, as vai_q_pytorch writes it: [bits, fix position] for the DPU, where value = code *
/// 2^-position, or [bits, scale, zero point, largest float] for other targets.
struct QuantInfoNumbers {
    std::optional<std::int64_t> bits;
    std::optional<std::int64_t> fixPosition; ///< nothing: null in the file, not quantized or never calibrated
    bool ofDpu = true;
    std::vector<double> scales, zeroPoints, largest; ///< of other targets; several along the output channels
};

struct QuantInfoEntry {
    std::string name; ///< "Model::conv1.weight", "Model::nndct_relu_2"
    std::vector<QuantInfoNumbers> tensors; ///< one for each output of a node; none where the file says null
};

/// What vai_q_pytorch subtracts from a bias, by the node that adds it.
struct BiasCorrection {
    std::string node; ///< "Model::nndct_conv2d_1"
    std::vector<float> values;
};

/// quant_info.json of vai_q_pytorch, with bias_corr.pth beside it.
struct QuantInfo {
    std::string path;
    std::vector<QuantInfoEntry> parameters, outputs, inputs;
    bool biasCorrected = false, fastFinetuned = false;
    std::string version;
    std::vector<BiasCorrection> corrections; ///< in the order of the network
    std::string correctionsFile; ///< file name; empty where none was read
    std::string correctionsProblem; ///< why corrections that are needed are not there
};

} // namespace quantscope
