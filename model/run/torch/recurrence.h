#pragma once

#include "run/torch/op_arguments.h"

namespace quantscope {

/// A function of a gate, with its parameters.
struct GateFunction {
    std::string name;
    double alpha = 0, beta = 0;
    at::Tensor operator()(const at::Tensor &x) const;
};

/// The parameters of one direction of a recurrent operator.
struct RecurrentDirection {
    at::Tensor inputWeight, hiddenWeight; ///< gates * hidden, inputs; gates * hidden, hidden
    at::Tensor inputBias, hiddenBias; ///< undefined without
    at::Tensor peepholes; ///< undefined without
    std::vector<GateFunction> functions;
    double clip = 0; ///< 0: none
    bool couplesForget = false; ///< LSTM: the forget gate is one minus the input gate
    bool resetsBehind = false; ///< GRU: linear_before_reset

    at::Tensor clipped(const at::Tensor &sums) const;
};

struct RecurrentState {
    at::Tensor hidden, cell; ///< batch, hidden
};

/// One step: what the input makes of all gates (with its bias), and the state before.
using RecurrentStep
    = RecurrentState (*)(const RecurrentDirection &direction, const at::Tensor &input, const RecurrentState &before);

/// ONNX' LSTM, GRU and RNN by the step that tells them apart. `defaults` names the functions of one direction's gates.
OpValues runRecurrent(
    const OpCall &call, std::int64_t gates, const std::vector<std::string> &defaults, RecurrentStep step);

} // namespace quantscope
