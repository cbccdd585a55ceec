#include "run/torch/ops_recurrent.h"

#include "run/torch/recurrence.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>

#include <array>

namespace quantscope {

namespace {

/// The k-th of the gates that lie one behind the other.
at::Tensor gateOf(const at::Tensor &gates, std::int64_t k, std::int64_t hidden)
{
    return gates.narrow(-1, k * hidden, hidden);
}

/// Gates in the order input, output, forget, cell. Hochreiter and Schmidhuber, 1997; peepholes of Gers, 2000.
RecurrentState lstmStep(const RecurrentDirection &direction, const at::Tensor &input, const RecurrentState &before)
{
    const std::int64_t hidden = before.hidden.size(1);
    const at::Tensor gates = input + at::linear(before.hidden, direction.hiddenWeight, direction.hiddenBias);
    const auto gate = [&](std::int64_t k, std::int64_t peephole, const at::Tensor &cell) {
        const at::Tensor sums = gateOf(gates, k, hidden);
        return direction.clipped(direction.peepholes.defined() && peephole >= 0
                ? sums + gateOf(direction.peepholes, peephole, hidden) * cell
                : sums);
    };
    const auto &functions = direction.functions;
    const at::Tensor in = functions[0](gate(0, 0, before.cell));
    const at::Tensor forget = direction.couplesForget ? 1 - in : functions[0](gate(2, 2, before.cell));
    const at::Tensor cell = forget * before.cell + in * functions[1](gate(3, -1, {}));
    return {functions[0](gate(1, 1, cell)) * functions[2](cell), cell};
}

/// Gates in the order update, reset, hidden. Cho et al., 2014.
RecurrentState gruStep(const RecurrentDirection &direction, const at::Tensor &input, const RecurrentState &before)
{
    const std::int64_t hidden = before.hidden.size(1);
    const auto &functions = direction.functions;
    const auto fromHidden = [&](const at::Tensor &state, std::int64_t first, std::int64_t count) {
        const at::Tensor bias = direction.hiddenBias;
        return at::linear(state, direction.hiddenWeight.narrow(0, first * hidden, count * hidden),
            bias.defined() ? bias.narrow(0, first * hidden, count * hidden) : bias);
    };
    const at::Tensor gates
        = functions[0](direction.clipped(input.narrow(1, 0, 2 * hidden) + fromHidden(before.hidden, 0, 2)));
    const at::Tensor update = gateOf(gates, 0, hidden), reset = gateOf(gates, 1, hidden);
    const at::Tensor behind
        = direction.resetsBehind ? reset * fromHidden(before.hidden, 2, 1) : fromHidden(reset * before.hidden, 2, 1);
    const at::Tensor made = functions[1](direction.clipped(gateOf(input, 2, hidden) + behind));
    return {(1 - update) * made + update * before.hidden, before.cell};
}

RecurrentState rnnStep(const RecurrentDirection &direction, const at::Tensor &input, const RecurrentState &before)
{
    const at::Tensor sums = input + at::linear(before.hidden, direction.hiddenWeight, direction.hiddenBias);
    return {direction.functions[0](direction.clipped(sums)), before.cell};
}

OpValues lstm(const OpCall &call) { return runRecurrent(call, 4, {"Sigmoid", "Tanh", "Tanh"}, lstmStep); }
OpValues gru(const OpCall &call) { return runRecurrent(call, 3, {"Sigmoid", "Tanh"}, gruStep); }
OpValues rnn(const OpCall &call) { return runRecurrent(call, 1, {"Tanh"}, rnnStep); }

constexpr std::array kRecurrentRows = {
    OpRow{"", "LSTM", lstm},
    OpRow{"", "GRU", gru},
    OpRow{"", "RNN", rnn},
};

} // namespace

std::span<const OpRow> recurrentOperators() { return kRecurrentRows; }

} // namespace quantscope
