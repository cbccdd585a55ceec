#include "dialects/onnx/recurrent_planner.h"

#include "dialects/onnx/names.h"

#include <array>

namespace quantscope::interpret {

namespace {

/// QuantLSTMCell's inputs (brevitas.onnx): x, h, c, four input weights, four hidden weights, four biases, then (scale,
/// zero point, bit width) of each activation quantizer.
constexpr std::array<std::string_view, 4> kCellGates = {"input", "forget", "cell", "output"};
constexpr std::size_t kCellWeights = 3;
constexpr std::size_t kCellOperands = 12;
constexpr std::array<Slot, 11> kCellSlots = {
    Slot::Output,
    Slot::CellState,
    Slot::InputAcc,
    Slot::ForgetAcc,
    Slot::CellAcc,
    Slot::OutputAcc,
    Slot::InputSigmoid,
    Slot::ForgetSigmoid,
    Slot::CellTanh,
    Slot::OutputSigmoid,
    Slot::HiddenStateTanh,
};

/// The axis of W (directions, gates * hidden, input), R and B along which the gates lie.
constexpr int kStackedGates = 1;

/// Order of the gates in ONNX' stacked operands (Operators.md: LSTM "iofc", GRU "zrh").
std::vector<std::string> stackedGates(std::string_view opType)
{
    if (opType == "LSTM")
        return {"input", "output", "forget", "cell"};
    if (opType == "GRU")
        return {"update", "reset", "new"};
    return {""};
}

/// "m.layers.0.0.input_weight" -> "m.layers.0.0" and "input_weight".
std::pair<std::string, std::string> splitLast(const std::string &path)
{
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? std::pair(std::string(), path)
                                    : std::pair(path.substr(0, dot), path.substr(dot + 1));
}

} // namespace

/// "m.layers.0.0.input_gate_params.input_weight", as Brevitas' modules are called: the exporter leaves the gate out of
/// its names.
void RecurrentPlanner::addGate(const std::string &gate, const Operand &operand)
{
    const auto module = operand.node ? moduleSlot(m_graph.nodes[*operand.node].name) : std::nullopt;
    if (!module)
        return;
    const std::string params = gate.empty() ? "gate_params" : gate + "_gate_params";
    std::string name;
    if (module->slot == Slot::Bias) {
        name = module->path + "." + params;
    } else {
        const auto [base, last] = splitLast(module->path);
        name = (base.empty() ? "" : base + ".") + params + "." + last;
    }
    const std::size_t layer = m_plan.layerNamed(name);
    m_plan.layer(layer).kind = module->slot == Slot::Bias ? "GateParams" : "GateWeight";
    m_plan.layer(layer).claimed = true;
    PlannedSlot slot = operand.slot;
    slot.slot = module->slot;
    m_plan.addSlot(layer, slot, operand.node);
}

bool RecurrentPlanner::addGates(NodeId id, ValueId operand)
{
    const Source source = sourceOf(m_graph, operand);
    const std::vector<std::string> gates = stackedGates(m_graph.nodes[id].opType);
    if (!source.node)
        return false;
    const Node &stack = m_graph.nodes[*source.node];
    if (gates.size() == 1) {
        const auto single = m_operands.at(operand);
        if (!single || !single->node || !moduleSlot(m_graph.nodes[*single->node].name))
            return false;
        addGate(gates[0], *single);
        return true;
    }
    if (stack.opType != "Concat" || stack.inputs.size() != gates.size())
        return false;
    bool any = false;
    for (std::size_t i = 0; i < gates.size(); ++i)
        if (const auto gate = m_operands.at(stack.inputs[i]); gate && gate->node) {
            addGate(gates[i], *gate);
            any = true;
        }
    return any;
}

void RecurrentPlanner::addRecurrent(NodeId id, const ComputeOperator &op)
{
    const Node &node = m_graph.nodes[id];
    const bool gates = addGates(id, node.input(op.weight));
    addGates(id, node.input(*op.otherWeight));
    addGates(id, node.input(*op.bias));
    if (gates)
        return;
    const auto weight = m_operands.weightAt(node.input(op.weight));
    if (!weight)
        return;
    auto bias = m_operands.at(node.input(*op.bias));
    const std::size_t layer = m_plan.claimLayer(m_operands.layerName(id, *weight, bias));
    m_plan.layer(layer).kind = std::string(op.kind);
    m_plan.layer(layer).nodes.push_back(id);
    PlannedSlot slot = weight->slot;
    slot.slot = Slot::Weight;
    slot.channelAxis = kStackedGates;
    m_plan.addSlot(layer, slot, weight->node);
    if (bias) {
        bias->slot.slot = Slot::Bias;
        bias->slot.channelAxis = kStackedGates;
        m_plan.addSlot(layer, bias->slot, bias->node);
    }
    // A slot is called by its role, and the schema has one weight a layer: the recurrent one is a layer of its own.
    if (const auto hidden = m_operands.at(node.input(*op.otherWeight))) {
        const std::size_t second = m_plan.claimLayer(m_plan.layer(layer).name + ".hidden_weight");
        m_plan.layer(second).kind = std::string(op.kind);
        slot = hidden->slot;
        slot.slot = Slot::Weight;
        slot.channelAxis = kStackedGates;
        m_plan.addSlot(second, slot, hidden->node);
    }
}

void RecurrentPlanner::addLstmCell(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    for (std::size_t i = 0; i < kCellOperands; ++i)
        if (const auto operand = m_operands.at(node.input(kCellWeights + i)); operand && operand->node)
            addGate(std::string(kCellGates[i % kCellGates.size()]), *operand);
    std::string base = nodeLayerName(node);
    constexpr std::string_view kHandler = ".export_handler";
    if (base.size() > kHandler.size() && base.compare(base.size() - kHandler.size(), kHandler.size(), kHandler) == 0)
        base.resize(base.size() - kHandler.size());
    const std::size_t cell = m_plan.layerNamed(base + ".cell");
    m_plan.layer(cell).kind = "QuantLSTMCell";
    m_plan.layer(cell).claimed = true;
    m_plan.layer(cell).nodes.push_back(id);
    for (std::size_t i = 0; i < kCellSlots.size(); ++i) {
        PlannedSlot slot;
        slot.slot = kCellSlots[i];
        slot.form = Form::Scalars;
        slot.node = id;
        slot.firstInput = kCellWeights + kCellOperands + 3 * i;
        if (node.input(slot.firstInput + 2) != kNoValue)
            m_plan.addSlot(cell, slot, std::nullopt);
    }
    // The quantizer of x and h has the output quantizer's name: one object under two names in Brevitas.
    const std::size_t layer = m_plan.layerNamed(base);
    m_plan.layer(layer).kind = "QuantLSTM";
    for (PlannedSlot &slot : m_plan.layer(layer).slots)
        if (slot.slot == Slot::Output)
            slot.slot = Slot::Io;
}

} // namespace quantscope::interpret
