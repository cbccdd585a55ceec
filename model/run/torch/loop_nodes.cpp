#include "run/torch/loop_nodes.h"

#include "run/torch/op_arguments.h"

#include <algorithm>
#include <limits>

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

using Values = std::vector<c10::IValue>;

/// What rounds leave behind, one value of each kind a round.
class Collected {
public:
    Collected(std::size_t kinds, Int64s axes, Int64s directions)
        : m_rounds(kinds)
        , m_axes(std::move(axes))
        , m_directions(std::move(directions))
    {
        m_axes.resize(kinds, 0);
        m_directions.resize(kinds, 0);
    }
    void add(std::size_t kind, const c10::IValue &made)
    {
        if (!made.isTensor())
            throw RunError("what it collects of each round is no tensor");
        m_rounds[kind].push_back(made.toTensor());
    }
    void takeAll(Values &out)
    {
        for (std::size_t kind = 0; kind < m_rounds.size(); ++kind) {
            if (m_rounds[kind].empty())
                throw RunError("it runs no round, so the shape of what it collects is not known");
            if (m_directions[kind] != 0)
                std::ranges::reverse(m_rounds[kind]);
            out.emplace_back(at::stack(m_rounds[kind], m_axes[kind]));
        }
    }

private:
    std::vector<std::vector<at::Tensor>> m_rounds;
    Int64s m_axes, m_directions;
};

void requireMade(const Values &made, std::size_t wanted)
{
    if (made.size() < wanted)
        throw RunError(fmt::format("its subgraph makes {} values, and {} are wanted", made.size(), wanted));
}

std::size_t collectedKinds(const OpCall &call, std::size_t states)
{
    if (call.node.outputs.size() < states)
        throw RunError(
            fmt::format("it has {} outputs and hands {} values from round to round", call.node.outputs.size(), states));
    return call.node.outputs.size() - states;
}

Values runLoop(const OpCall &call, const BodyRound &round)
{
    constexpr std::size_t kBeforeStates = 2; // how often at most, and whether at all
    const std::int64_t most = isGiven(call, 0) ? integerArgument(call, 0) : std::numeric_limits<std::int64_t>::max();
    bool goesOn = !isGiven(call, 1) || isTrueCondition(call.input(1));
    Values states(call.inputs.begin() + static_cast<std::ptrdiff_t>(std::min(kBeforeStates, call.inputs.size())),
        call.inputs.end());
    const std::size_t kinds = collectedKinds(call, states.size());
    Collected collected(kinds, {}, {});
    for (std::int64_t i = 0; i < most && goesOn; ++i) {
        Values given{
            at::scalar_tensor(i, at::TensorOptions(at::kLong)), at::scalar_tensor(true, at::TensorOptions(at::kBool))};
        given.insert(given.end(), states.begin(), states.end());
        const Values made = round(std::move(given));
        requireMade(made, 1 + states.size() + kinds);
        goesOn = isTrueCondition(made[0]);
        for (std::size_t kind = 0; kind < kinds; ++kind)
            collected.add(kind, made[1 + states.size() + kind]);
        std::copy_n(made.begin() + 1, states.size(), states.begin());
    }
    collected.takeAll(states);
    return states;
}

/// What a Scan goes along: from its first state on, those and then what is taken apart.
struct Scanned {
    Values states;
    std::vector<at::Tensor> inputs;
    Int64s axes, directions;
};

Int64s perScanned(const OpCall &call, std::string_view name, std::size_t count)
{
    Int64s out = integersAttribute(call, name, Int64s(count, 0));
    if (out.size() != count)
        throw RunError(fmt::format("its attribute '{}' has {} numbers, and {} are wanted", name, out.size(), count));
    return out;
}

Values scan(const OpCall &call, const Scanned &scanned, const BodyRound &round)
{
    const std::size_t kinds = collectedKinds(call, scanned.states.size());
    const bool isEarly = call.node.attribute("directions") != nullptr || (call.opset != 0 && call.opset < 9);
    Collected collected(kinds, isEarly ? Int64s() : perScanned(call, "scan_output_axes", kinds),
        isEarly ? Int64s() : perScanned(call, "scan_output_directions", kinds));
    const auto length
        = [&](std::size_t i) { return scanned.inputs[i].size(axisOf(scanned.axes[i], scanned.inputs[i].dim())); };
    for (std::size_t i = 1; i < scanned.inputs.size(); ++i)
        if (length(i) != length(0))
            throw RunError(fmt::format("it scans {} and {} elements at once", length(0), length(i)));
    Values states = scanned.states;
    for (std::int64_t at = 0; at < length(0); ++at) {
        Values given = states;
        for (std::size_t i = 0; i < scanned.inputs.size(); ++i)
            given.emplace_back(
                scanned.inputs[i].select(scanned.axes[i], scanned.directions[i] != 0 ? length(i) - 1 - at : at));
        const Values made = round(std::move(given));
        requireMade(made, states.size() + kinds);
        for (std::size_t kind = 0; kind < kinds; ++kind)
            collected.add(kind, made[states.size() + kind]);
        std::copy_n(made.begin(), states.size(), states.begin());
    }
    collected.takeAll(states);
    return states;
}

/// Opset 8 has lengths before the states, and an axis of samples before all: each of them is scanned by itself.
Values scanOfSamples(const OpCall &call, Scanned scanned, const BodyRound &round)
{
    if (isGiven(call, 0))
        throw RunError("it scans samples of different lengths, which is not run");
    scanned.states.erase(scanned.states.begin());
    const Values states = std::move(scanned.states);
    const std::vector<at::Tensor> inputs = std::move(scanned.inputs);
    std::vector<std::vector<at::Tensor>> ofSamples(call.node.outputs.size());
    for (std::int64_t sample = 0; sample < inputs[0].size(0); ++sample) {
        scanned.states.clear();
        for (const c10::IValue &state : states)
            scanned.states.emplace_back(state.toTensor().select(0, sample));
        scanned.inputs.clear();
        for (const at::Tensor &input : inputs)
            scanned.inputs.push_back(input.select(0, sample));
        const Values made = scan(call, scanned, round);
        for (std::size_t i = 0; i < made.size(); ++i)
            ofSamples[i].push_back(made[i].toTensor());
    }
    Values out;
    for (const std::vector<at::Tensor> &made : ofSamples)
        out.emplace_back(at::stack(made));
    return out;
}

Values runScan(const OpCall &call, const BodyRound &round)
{
    const bool isEarly = call.opset != 0 && call.opset < 9;
    const std::int64_t count = call.node.integer("num_scan_inputs", 0);
    const auto all = static_cast<std::int64_t>(call.inputs.size());
    if (count < 1 || count > all - (isEarly ? 1 : 0))
        throw RunError(fmt::format("it has {} inputs and scans {} of them", all, count));
    const auto states = static_cast<std::size_t>(all - count);
    Scanned scanned{{call.inputs.begin(), call.inputs.begin() + (all - count)}, {}, {}, {}};
    for (std::size_t i = states; i < call.inputs.size(); ++i)
        scanned.inputs.push_back(call.tensor(i));
    scanned.axes
        = isEarly ? Int64s(scanned.inputs.size(), 0) : perScanned(call, "scan_input_axes", scanned.inputs.size());
    scanned.directions = perScanned(call, isEarly ? "directions" : "scan_input_directions", scanned.inputs.size());
    return isEarly ? scanOfSamples(call, std::move(scanned), round) : scan(call, scanned, round);
}

bool isOnnx(const Node &node) { return node.domain.empty() || node.domain == "ai.onnx"; }

} // namespace

bool isLoopNode(const Node &node) { return isOnnx(node) && (node.opType == "Loop" || node.opType == "Scan"); }

std::vector<c10::IValue> runLoopNode(const OpCall &call, const BodyRound &round)
{
    return call.node.opType == "Loop" ? runLoop(call, round) : runScan(call, round);
}

bool isTrueCondition(const c10::IValue &condition)
{
    if (condition.isTensor()) {
        if (condition.toTensor().numel() != 1)
            throw RunError("its condition is not one truth value");
        return condition.toTensor().item().toDouble() != 0;
    }
    if (condition.isBool() || condition.isInt() || condition.isDouble())
        return condition.toScalar().toDouble() != 0;
    throw RunError("its condition is no truth value");
}

} // namespace quantscope
