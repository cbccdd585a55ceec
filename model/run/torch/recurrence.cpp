#include "run/torch/recurrence.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

struct Recurrent {
    at::Tensor x; ///< time, batch, inputs
    at::Tensor lengths; ///< batch; undefined: all are whole
    std::int64_t hidden = 0, directions = 1;
    bool batchFirst = false;
};

std::vector<GateFunction> functionsOf(
    const OpCall &call, const std::vector<std::string> &defaults, std::int64_t direction)
{
    const auto count = defaults.size();
    std::vector<GateFunction> out;
    const Attribute *names = call.node.attribute("activations"), *alphas = call.node.attribute("activation_alpha"),
                    *betas = call.node.attribute("activation_beta");
    const std::size_t first = static_cast<std::size_t>(direction) * count;
    const bool named = names != nullptr && names->strings.size() >= first + count;
    const auto given = [&](const Attribute *list, std::size_t i, double missing) {
        return list != nullptr && first + i < list->floats.size() ? static_cast<double>(list->floats[first + i])
                                                                  : missing;
    };
    for (std::size_t i = 0; i < count; ++i) {
        GateFunction function{named ? names->strings[first + i] : defaults[i]};
        std::ranges::transform(function.name, function.name.begin(), [](unsigned char letter) {
            return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
        });
        const bool sigmoid = function.name == "hardsigmoid", leaky = function.name == "leakyrelu";
        function.alpha = given(alphas, i, sigmoid ? static_cast<double>(0.2F) : leaky ? static_cast<double>(0.01F) : 1);
        function.beta = given(betas, i, sigmoid ? 0.5 : 0);
        out.push_back(std::move(function));
    }
    return out;
}

/// The part of a direction; undefined where the input is absent.
at::Tensor partOf(const OpCall &call, std::size_t input, std::int64_t direction)
{
    const at::Tensor whole = optionalTensor(call, input);
    return whole.defined() ? whole.select(0, direction) : whole;
}

RecurrentDirection directionOf(const OpCall &call, std::int64_t gates, std::int64_t index,
    const std::vector<std::string> &defaults, std::int64_t hidden)
{
    RecurrentDirection out;
    out.inputWeight = call.tensor(1).select(0, index);
    out.hiddenWeight = call.tensor(2).select(0, index);
    if (const at::Tensor bias = partOf(call, 3, index); bias.defined()) {
        out.inputBias = bias.narrow(0, 0, gates * hidden);
        out.hiddenBias = bias.narrow(0, gates * hidden, gates * hidden);
    }
    out.peepholes = partOf(call, 7, index);
    out.functions = functionsOf(call, defaults, index);
    out.clip = realAttribute(call, "clip", 0);
    out.couplesForget = call.node.integer("input_forget", 0) != 0;
    out.resetsBehind = call.node.integer("linear_before_reset", 0) != 0;
    return out;
}

/// Each sequence of the batch from its end to its start; what lies behind its end stays.
at::Tensor reversedInTime(const at::Tensor &x, const at::Tensor &lengths)
{
    if (!lengths.defined())
        return x.flip(0);
    const at::Tensor time = at::arange(x.size(0), at::TensorOptions(at::kLong)).unsqueeze(1);
    const at::Tensor source = at::where(time < lengths, lengths - 1 - time, time);
    return x.gather(0, source.unsqueeze(2).expand(x.sizes()));
}

std::pair<at::Tensor, RecurrentState> runDirection(const Recurrent &network, const RecurrentDirection &direction,
    bool reverse, RecurrentState state, RecurrentStep step)
{
    const at::Tensor x = reverse ? reversedInTime(network.x, network.lengths) : network.x;
    const at::Tensor inputs = at::linear(x, direction.inputWeight, direction.inputBias);
    std::vector<at::Tensor> outputs;
    for (std::int64_t t = 0; t < x.size(0); ++t) {
        RecurrentState next = step(direction, inputs.select(0, t), state);
        at::Tensor shown = next.hidden;
        if (network.lengths.defined()) {
            const at::Tensor runs = (network.lengths > t).unsqueeze(1);
            shown = at::where(runs, next.hidden, at::zeros_like(next.hidden));
            next.hidden = at::where(runs, next.hidden, state.hidden);
            next.cell = at::where(runs, next.cell, state.cell);
        }
        outputs.push_back(shown);
        state = next;
    }
    const at::Tensor all
        = outputs.empty() ? at::zeros({0, x.size(1), network.hidden}, x.options()) : at::stack(outputs);
    return {reverse ? reversedInTime(all, network.lengths) : all, state};
}

Recurrent recurrentOf(const OpCall &call, std::int64_t gates)
{
    Recurrent out;
    out.x = call.tensor(0);
    const at::Tensor weight = call.tensor(1), recurrence = call.tensor(2);
    if (out.x.dim() != 3 || weight.dim() != 3 || recurrence.dim() != 3)
        throw RunError("its data and weights have not three axes each");
    out.batchFirst = call.node.integer("layout", 0) != 0;
    if (out.batchFirst)
        out.x = out.x.transpose(0, 1);
    out.hidden = recurrence.size(2);
    out.directions = textAttribute(call, "direction", "forward") == "bidirectional" ? 2 : 1;
    if (weight.size(0) != out.directions || weight.size(1) != gates * out.hidden || recurrence.size(0) != out.directions
        || recurrence.size(1) != gates * out.hidden)
        throw RunError(fmt::format("its weights of {} and {} rows do not belong to {} gates of {}", weight.size(1),
            recurrence.size(1), gates, out.hidden));
    if (const at::Tensor lengths = optionalTensor(call, 4); lengths.defined()) {
        out.lengths = lengths.to(at::kLong);
        if (lengths.dim() != 1 || lengths.size(0) != out.x.size(1)
            || (lengths.numel() > 0
                && (lengths.min().item().toLong() < 0 || lengths.max().item().toLong() > out.x.size(0))))
            throw RunError("the lengths of its sequences are not those of its data");
    }
    return out;
}

/// batch, hidden.
at::Tensor initialState(const OpCall &call, std::size_t input, std::int64_t index, const Recurrent &network)
{
    const at::Tensor given = optionalTensor(call, input);
    if (given.defined())
        return given.select(network.batchFirst ? 1 : 0, index);
    return at::zeros({network.x.size(1), network.hidden}, network.x.options());
}

} // namespace

at::Tensor GateFunction::operator()(const at::Tensor &x) const
{
    if (name == "sigmoid")
        return x.sigmoid();
    if (name == "tanh")
        return x.tanh();
    if (name == "relu")
        return x.relu();
    if (name == "affine")
        return x * alpha + beta;
    if (name == "leakyrelu")
        return at::leaky_relu(x, alpha);
    if (name == "thresholdedrelu")
        return at::where(x >= alpha, x, at::zeros_like(x));
    if (name == "scaledtanh")
        return (x * beta).tanh() * alpha;
    if (name == "hardsigmoid")
        return (x * alpha + beta).clamp(0, 1);
    if (name == "elu")
        return at::elu(x, alpha);
    if (name == "softsign")
        return x / (x.abs() + 1);
    if (name == "softplus")
        return at::softplus(x);
    throw RunError(fmt::format("its activation '{}' is not known", name));
}

at::Tensor RecurrentDirection::clipped(const at::Tensor &sums) const
{
    return clip > 0 ? sums.clamp(-clip, clip) : sums;
}

OpValues runRecurrent(
    const OpCall &call, std::int64_t gates, const std::vector<std::string> &defaults, RecurrentStep step)
{
    const Recurrent network = recurrentOf(call, gates);
    const bool reverse = textAttribute(call, "direction", "forward") == "reverse";
    std::vector<at::Tensor> outputs, hidden, cells;
    for (std::int64_t index = 0; index < network.directions; ++index) {
        const RecurrentDirection direction = directionOf(call, gates, index, defaults, network.hidden);
        const RecurrentState start{initialState(call, 5, index, network),
            initialState(call, call.node.opType == "LSTM" ? 6 : 99, index, network)};
        const auto [all, last] = runDirection(network, direction, reverse || index == 1, start, step);
        outputs.push_back(all);
        hidden.push_back(last.hidden);
        cells.push_back(last.cell);
    }
    const std::int64_t stateAxis = network.batchFirst ? 1 : 0;
    at::Tensor y = at::stack(outputs, 1); // time, direction, batch, hidden
    if (network.batchFirst)
        y = y.permute({2, 0, 1, 3});
    OpValues out{y, at::stack(hidden, stateAxis)};
    if (call.node.opType == "LSTM")
        out.emplace_back(at::stack(cells, stateAxis));
    return out;
}

} // namespace quantscope
