#pragma once

#include "network/network.h"

#include <optional>

namespace quantscope {

/// What the operator of a layer makes of its sums: sums * (input * weight) + bias * (its bias), as Gemm (alpha, beta),
/// addmm and their relatives have it.
struct ProductFactors {
    double sums = 1, bias = 1;
    /// The operator computes more of its result than a quantizer behind it would cut off anyway: an activation, another
    /// tensor that it adds.
    bool computesMore = false;

    /// What a step of the sums, and one of the bias, adds to the result: rounded to float32 once.
    float sumStep(float weightScale, float inputScale) const;
    float biasStep(float biasScale) const;
};

/// Of the graph that the file itself has: 1 and 1 for layers of a state_dict. Source: ONNX operator Gemm, ONNX
/// Runtime's ContribOperators.md, PyTorch's native_functions.yaml. Nothing where the network computes a factor.
std::optional<ProductFactors> productFactors(const Network &network, const Layer &layer);

} // namespace quantscope
