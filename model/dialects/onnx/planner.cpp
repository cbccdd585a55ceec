#include "dialects/onnx/planner.h"

#include "dialects/onnx/channel_axis.h"
#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/finn_planner.h"
#include "dialects/onnx/names.h"
#include "dialects/onnx/operands.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/plan_builder.h"
#include "dialects/onnx/qoperator_planner.h"
#include "dialects/onnx/recurrent_planner.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// Walks the nodes of a graph in file order and collects layers. One use: run().
class Planner {
public:
    explicit Planner(Constants &constants)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_operands(constants, m_plan)
        , m_recurrent(constants, m_operands, m_plan)
        , m_qoperators(constants, m_operands, m_plan)
        , m_finn(constants, m_operands, m_plan)
    {
        constexpr std::string_view kFunction = "function ";
        for (const Node &node : m_graph.nodes)
            if (node.scope.starts_with(kFunction))
                m_functions.insert(node.scope.substr(kFunction.size(), node.scope.find('/') - kFunction.size()));
    }
    Plan run();

private:
    void addNode(NodeId id);
    void addCompute(NodeId id, const ComputeOperator &op);
    NodeId takeModuleScale(NodeId id, std::size_t layer, PlannedSlot &slot);
    void addForeign(NodeId id, const ForeignOperator &op);
    void addVendor(NodeId id);
    void addFakeActivation(NodeId id);
    std::size_t addActivation(NodeId id, Form form, ValueId input);
    bool codesAreTaken(NodeId quantize) const;
    void addUnclaimed(NodeId id);
    std::string activationKindOf(ValueId value) const;
    Dialect dialect() const;

    Constants &m_constants;
    const Graph &m_graph;
    PlanBuilder m_plan;
    Operands m_operands;
    RecurrentPlanner m_recurrent;
    QOperatorPlanner m_qoperators;
    FinnPlanner m_finn;
    std::set<std::string> m_functions; ///< of the file, whose nodes are layers themselves
};

/// Indices and shapes have 32 or 64 bits.
bool isTable(DType dtype)
{
    return isFloating(dtype) || (isInteger(dtype) && dtypeBits(dtype) <= 8 && dtype != DType::Bool);
}

void Planner::addCompute(NodeId id, const ComputeOperator &op)
{
    const Node &node = m_graph.nodes[id];
    if (op.recurrent)
        return m_recurrent.addRecurrent(id, op);
    std::size_t input = op.weight;
    auto weight = m_operands.weightOf(node, input, op.otherWeight, op.alwaysWeight());
    if (!weight)
        return;
    const auto view = m_constants.view(weight->tensor);
    const WeightChain chain = weightChainOf(m_constants, node.input(input), *weight);
    const std::size_t stored = view == nullptr ? 0 : view->shape.size(), rank = chain.rank().value_or(stored);
    // Gather also picks dimensions out of shapes; only a table of vectors is an embedding.
    const bool plain
        = weight->slot.form == Form::Plain || weight->slot.form == Form::Unknown || weight->slot.form == Form::Finn;
    if (op.opType == "Gather" && plain && (rank != 2 || !isTable(view->dtype)))
        return;
    m_operands.dequantizePicked(node, *weight);
    // The slopes of a PReLU are one a channel, and an equation may multiply by a vector.
    if ((op.opType == "PRelu" || op.opType == "Einsum") && rank < 2)
        return;
    std::optional<Operand> bias = op.bias ? m_operands.at(node.input(*op.bias)) : std::nullopt;
    const std::size_t layer = m_plan.claimLayer(m_operands.layerName(id, *weight, bias));
    PlannedLayer &planned = m_plan.layer(layer);
    planned.kind = kindOf(op, rank);
    planned.nodes.push_back(id);
    planned.groups = groupsOf(node);
    planned.stride = transposedStride(node);
    weight->slot.slot = Slot::Weight;
    weight->slot.channelAxis = channelAxisOf(node, input, chain, stored);
    weight->slot.chain = chain.steps;
    weight->slot.channelsLast = op.byRank && isChannelsLast(node);
    weight->slot.note = m_finn.sumText(node);
    const NodeId last = weight->slot.form == Form::Finn ? takeModuleScale(id, layer, weight->slot) : id;
    m_plan.addSlot(layer, weight->slot, weight->node);
    m_operands.addBias(layer, std::move(bias), op.opType == "MatMul" ? std::optional(last) : std::nullopt);
    if (op.opType != "Gather")
        m_finn.addTypedInput(layer, node.input(input == 0 ? 1 : 0));
}

/// The scale that Brevitas' export to FINN leaves behind the operator; the last node of both.
NodeId Planner::takeModuleScale(NodeId id, std::size_t layer, PlannedSlot &slot)
{
    slot.scale = m_finn.moduleStep(id, "Mul");
    if (!slot.scale)
        return id;
    m_plan.layer(layer).nodes.push_back(slot.scale->node);
    return slot.scale->node;
}

void Planner::addForeign(NodeId id, const ForeignOperator &op)
{
    const Node &node = m_graph.nodes[id];
    m_plan.noteForeign(node.opType);
    std::size_t input = op.weight;
    auto weight = m_operands.weightOf(node, input, op.otherWeight, !op.rightOperand);
    if (!weight)
        return;
    auto bias = op.bias ? m_operands.at(node.input(*op.bias)) : std::nullopt;
    const std::size_t layer = m_plan.claimLayer(m_operands.layerName(id, *weight, bias));
    const auto view = m_constants.view(weight->tensor);
    const std::size_t rank = view == nullptr ? 0 : view->shape.size();
    const ComputeOperator shape{op.opType, op.kind, 0, std::nullopt, std::nullopt, false, op.kind == "Conv"};
    m_plan.layer(layer).kind = kindOf(shape, rank);
    m_plan.layer(layer).nodes.push_back(id);
    for (auto &[operand, name] : {std::pair(&weight, Slot::Weight), std::pair(&bias, Slot::Bias)}) {
        if (!*operand)
            continue;
        (*operand)->slot.slot = name;
        if ((*operand)->slot.form != Form::Unknown) {
            (*operand)->slot.value = (*operand)->tensor;
            (*operand)->slot.node = id;
            (*operand)->slot.form = Form::Foreign;
        }
        if (name == Slot::Weight)
            (*operand)->slot.channelAxis
                = channelAxisOf(node, input, weightChainOf(m_constants, node.input(input), **operand), rank);
        m_plan.addSlot(layer, (*operand)->slot, (*operand)->node);
    }
}

std::string Planner::activationKindOf(ValueId value) const
{
    Source source = sourceOf(m_graph, value);
    if (source.node && m_graph.nodes[*source.node].opType == "Mul") // the sum of an average pool: TruncAvgPool2d
        source = sourceOf(m_graph, m_graph.nodes[*source.node].input(0));
    const std::string_view kind = source.node ? activationKind(m_graph.nodes[*source.node]) : std::string_view();
    return kind.empty() ? "Identity" : std::string(kind);
}

/// An operator of a domain that is not known: each of its constant operands of two and more axes is listed, the first
/// under the operator's name.
void Planner::addVendor(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    const auto stored = [&](ValueId input) { return input == kNoValue || m_constants.paths().isStored(input); };
    if (std::ranges::all_of(node.inputs, stored) || readsTables(node))
        return; // of one that makes a constant the layer that reads it is told
    std::optional<std::string> name;
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
        auto weight = m_operands.at(node.inputs[input]);
        const auto view = weight ? m_constants.view(weight->tensor) : nullptr;
        if (view == nullptr || view->shape.size() < 2)
            continue;
        if (weight->slot.form == Form::Plain && m_functions.count(node.opType) == 0)
            m_plan.noteForeign(node.opType);
        const std::size_t layer = m_plan.claimLayer(
            name ? fmt::format("{}.input_{}", *name, input) : m_operands.layerName(id, *weight, std::nullopt));
        if (!name) {
            name = m_plan.layer(layer).name;
            m_plan.layer(layer).nodes.push_back(id);
        }
        m_plan.layer(layer).kind = node.opType;
        weight->slot.slot = Slot::Weight;
        m_plan.addSlot(layer, weight->slot, weight->node);
    }
}

/// Division, rounding, clipping and multiplication of what the network computes. Rounding alone, or what nothing
/// bounds, need not be a quantizer.
void Planner::addFakeActivation(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    const bool last = node.domain.empty() && (node.opType == "Mul" || node.opType == "Div") && !node.outputs.empty();
    if (!last || m_constants.paths().isStored(node.outputs[0]))
        return;
    const auto found = fakeQuantizationOf(m_constants, node.outputs[0]);
    if (!found || !found->rounding || !found->hasClip() || found->last().node != id)
        return;
    const auto scales = std::ranges::count_if(found->steps, [](const FakeStep &step) {
        return step.kind == FakeStep::Kind::Divide || step.kind == FakeStep::Kind::Multiply;
    });
    if (scales < 2)
        return;
    const std::size_t layer = addActivation(id, Form::Fake, found->input);
    for (const NodeId step : nodesOf(*found))
        if (step != id)
            m_plan.layer(layer).nodes.push_back(step);
}

std::size_t Planner::addActivation(NodeId id, Form form, ValueId input)
{
    const Node &node = m_graph.nodes[id];
    PlannedSlot slot;
    slot.form = form;
    slot.node = id;
    slot.value = form == Form::Fake ? node.outputs[0] : input;
    slot.slot = form == Form::Trunc ? Slot::Trunc : Slot::Act;
    if (form == Form::Thresholds) {
        slot.offset = m_finn.moduleStep(id, "Add");
        slot.scale = m_finn.moduleStep(slot.offset ? slot.offset->node : id, "Mul");
    }
    std::size_t layer = 0;
    if (const auto module = moduleSlot(node.name)) {
        layer = m_plan.layerNamed((node.scope.empty() ? "" : node.scope + ":") + module->path);
        slot.slot = module->slot;
    } else {
        const std::string name = activationName(m_graph, id);
        const auto known = m_plan.find(name);
        const bool behind = known && m_plan.layer(*known).claimed;
        if (behind && !m_plan.layer(*known).hasSlot(Slot::Output) && form != Form::Trunc)
            slot.slot = Slot::Output;
        // Otherwise a second activation of that name gets a name of its own.
        layer = m_plan.layerNamed(slot.slot == Slot::Output || !known ? name : m_plan.uniqueName(name));
    }
    PlannedLayer &planned = m_plan.layer(layer);
    if (planned.kind.empty())
        planned.kind = form == Form::Thresholds ? node.opType : activationKindOf(input);
    m_plan.addSlot(layer, slot, id);
    for (const auto &step : {slot.offset, slot.scale})
        if (step)
            m_plan.layer(layer).nodes.push_back(step->node);
    return layer;
}

/// Codes that a DequantizeLinear or an operator on codes takes belong to that one's layer.
bool Planner::codesAreTaken(NodeId quantize) const
{
    constexpr std::size_t kMost = 64;
    std::vector<NodeId> open{quantize};
    for (std::size_t next = 0; next < open.size() && next < kMost; ++next)
        for (const ValueId output : m_graph.nodes[open[next]].outputs) {
            const Value *value = m_graph.value(output);
            for (const NodeId reader : value == nullptr ? std::vector<NodeId>() : value->consumers) {
                const Node &node = m_graph.nodes[reader];
                if (isDequantize(node) || findQOperator(node) != nullptr)
                    return true;
                if (keepsValues(node) || (node.domain.empty() && node.opType == "Clip"))
                    open.push_back(reader);
            }
        }
    return false;
}

void Planner::addUnclaimed(NodeId id)
{
    auto operand = m_operands.quantizedBy(id);
    const bool makesCodes = operand && (operand->slot.form == Form::Quantize || operand->slot.form == Form::Dynamic);
    if (!operand || (makesCodes && codesAreTaken(id)))
        return;
    const Node &node = m_graph.nodes[id];
    const auto module = moduleSlot(node.name);
    std::string name = module ? module->path : parameterOwner(m_operands.baseName(operand->tensor));
    if (name.empty())
        name = activationName(m_graph, id);
    operand->slot.slot = module ? module->slot : Slot::Weight;
    const auto known = m_plan.find(name);
    const bool taken = known && m_plan.layer(*known).hasSlot(operand->slot.slot);
    const std::size_t layer = m_plan.layerNamed(taken ? m_plan.uniqueName(name) : name);
    if (m_plan.layer(layer).kind.empty()) {
        const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
        const bool used = output != nullptr && !output->consumers.empty();
        m_plan.layer(layer).kind = used ? m_graph.nodes[output->consumers[0]].opType : "Constant";
    }
    m_plan.addSlot(layer, operand->slot, id);
    m_plan.layer(layer).constants.push_back(id);
}

/// How an operator that quantizes what the network computes is decoded.
std::optional<Form> activationForm(const Node &node)
{
    if (isQuant(node))
        return Form::Quant;
    if (isBipolar(node))
        return Form::Bipolar;
    if (isTrunc(node))
        return Form::Trunc;
    if (isFixNeuron(node))
        return Form::FixNeuron;
    if (isDynamicQuantize(node))
        return Form::Dynamic;
    if (isFloatQuant(node))
        return Form::FloatQuant;
    if (isThresholds(node))
        return Form::Thresholds;
    return isQuantize(node) ? std::optional(Form::Quantize) : std::nullopt;
}

void Planner::addNode(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    if (node.opType == "QuantLSTMCell")
        return m_recurrent.addLstmCell(id);
    if (const ComputeOperator *op = findCompute(node))
        return addCompute(id, *op);
    if (const QOperator *op = findQOperator(node))
        return m_qoperators.add(id, *op);
    if (isMatMulNBits(node))
        return m_qoperators.addMatMulNBits(id);
    if (isGatherBlocks(node))
        return m_qoperators.addGatherBlocks(id);
    if (const ForeignOperator *op = findForeign(node))
        return addForeign(id, *op);
    if (const HardwareOperator *op = findHardware(node))
        return m_finn.addHardware(id, *op);
    if (isForeignQuantizer(node))
        return m_plan.noteForeign(foreignText(node));
    if (const auto form = activationForm(node)) {
        if (!m_constants.paths().isStored(node.input(0)))
            addActivation(id, *form, node.input(0));
    } else if (node.domain.empty()) {
        addFakeActivation(id);
    } else if (!isDequantize(node)) {
        addVendor(id);
    }
}

Dialect Planner::dialect() const
{
    bool quantize = false, clip = false, vitis = false, finn = m_plan.hasForm(Form::Finn);
    for (const Node &node : m_graph.nodes) {
        if (isQuant(node) || isBipolar(node) || isTrunc(node) || isFloatQuant(node) || node.opType == "QuantLSTMCell")
            return Dialect::Qonnx;
        finn = finn || isThresholds(node) || findHardware(node) != nullptr;
        vitis = vitis || isFixNeuron(node);
        if (!isQuantize(node) && !isDequantize(node))
            continue;
        quantize = true;
        const Node *before = m_graph.producerOf(node.input(0));
        clip = clip || (isDequantize(node) && before != nullptr && before->opType == "Clip")
            || node.name.find("/export_handler") != std::string::npos;
    }
    if (m_plan.mostAre({Form::Codes, Form::Blocks, Form::Dynamic}))
        return Dialect::QOperator;
    if (finn || vitis)
        return finn ? Dialect::Finn : Dialect::VitisAi;
    return !quantize ? Dialect::Onnx : clip ? Dialect::Qcdq : Dialect::Qdq;
}

Plan Planner::run()
{
    const auto count = static_cast<NodeId>(m_graph.nodes.size());
    for (NodeId id = 0; id < count; ++id)
        addNode(id);
    // What no operator above reads: operands of Mul and Add, and of operators that are not known.
    for (NodeId id = 0; id < count; ++id)
        if (!m_plan.isUsed(id))
            addUnclaimed(id);
    return m_plan.take(dialect());
}

} // namespace

Plan makePlan(Constants &constants) { return Planner(constants).run(); }

} // namespace quantscope::interpret
