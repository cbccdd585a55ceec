#include "dialects/onnx/planner.h"

#include "dialects/onnx/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

bool PlannedLayer::hasSlot(Slot wanted) const
{
    return std::any_of(slots.begin(), slots.end(), [&](const PlannedSlot &slot) { return slot.slot == wanted; });
}

Plan makePlan(Constants &constants) { return Planner(constants).run(); }

ValueId Planner::baseTensor(ValueId value) const
{
    for (int step = 0; step < 64; ++step) {
        const Node *node = m_graph.producerOf(value);
        if (node == nullptr || !(keepsValues(*node) || node->opType == "Clip" || isQuantize(*node)))
            return value;
        value = node->input(0);
    }
    return kNoValue;
}

std::string Planner::baseName(ValueId value) const
{
    const Value *v = m_graph.value(baseTensor(value));
    return v != nullptr && v->tensor ? v->name : std::string();
}

std::optional<Planner::Operand> Planner::quantizedOperand(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    Operand out;
    out.node = id;
    out.slot.node = id;
    out.slot.constant = true;
    out.tensor = baseTensor(node.input(0));
    if (isQuant(node))
        out.slot.form = Form::Quant;
    else if (isBipolar(node))
        out.slot.form = Form::Bipolar;
    else if (isDequantize(node))
        out.slot.form = Form::Dequantize;
    else if (isForeignQuantizer(node))
        out.slot.form = Form::Foreign;
    else
        return std::nullopt;
    out.slot.value = out.slot.form == Form::Foreign ? out.tensor : node.input(0);
    if (!m_constants.folder().isConstant(node.input(0)))
        return std::nullopt;
    return out;
}

std::optional<Planner::Operand> Planner::operandOf(ValueId value)
{
    const Source source = sourceOf(m_graph, value);
    if (source.node)
        if (auto quantized = quantizedOperand(*source.node))
            return quantized;
    if (!m_constants.folder().isConstant(source.value))
        return std::nullopt;
    Operand out;
    out.slot.form = Form::Plain;
    out.slot.value = source.value;
    out.slot.constant = true;
    out.tensor = source.value;
    const Value *v = m_graph.value(source.value);
    if (v != nullptr && !v->finnDatatype.empty() && v->finnDatatype.rfind("FLOAT", 0) != 0) {
        out.slot.form = Form::Foreign;
        noteForeign(Node{.name = {},
            .opType = "finn_datatype",
            .domain = {},
            .scope = {},
            .inputs = {},
            .outputs = {},
            .attributes = {}});
    }
    return out;
}

std::string Planner::uniqueName(const std::string &name)
{
    if (m_byName.count(name) == 0)
        return name;
    int &number = m_lastNumber.emplace(name, 1).first->second;
    std::string unique;
    do
        unique = fmt::format("{}_{}", name, ++number);
    while (m_byName.count(unique) != 0);
    return unique;
}

std::size_t Planner::layerNamed(const std::string &name)
{
    const auto [found, isNew] = m_byName.emplace(name, m_plan.layers.size());
    if (isNew) {
        m_plan.layers.emplace_back();
        m_plan.layers.back().name = name;
    }
    return found->second;
}

std::size_t Planner::claimLayer(const std::string &name)
{
    std::size_t index = layerNamed(name);
    if (m_plan.layers[index].claimed)
        index = layerNamed(uniqueName(name));
    PlannedLayer &layer = m_plan.layers[index];
    layer.claimed = true;
    // A quantizer in front of the operator that only carries the layer's name quantizes its input.
    for (PlannedSlot &slot : layer.slots)
        if (slot.slot == Slot::Act && !layer.hasSlot(Slot::Input))
            slot.slot = Slot::Input;
    return index;
}

void Planner::addSlot(std::size_t layer, PlannedSlot slot, std::optional<NodeId> node)
{
    if (node) {
        m_used.insert(*node);
        // A shared weight's quantizer is no way from one layer to another.
        if (!slot.constant)
            m_plan.layers[layer].nodes.push_back(*node);
    }
    if (!m_plan.layers[layer].hasSlot(slot.slot))
        m_plan.layers[layer].slots.push_back(std::move(slot));
}

std::string Planner::computeName(NodeId id, const Operand &weight, const std::optional<Operand> &bias)
{
    const Node &node = m_graph.nodes[id];
    const std::string scope = node.scope.empty() ? std::string() : node.scope + ":";
    for (const auto &[operand, slot] :
        {std::pair(&weight, Slot::Weight), std::pair(bias ? &*bias : nullptr, Slot::Bias)}) {
        if (operand == nullptr || !operand->node)
            continue;
        const auto module = moduleSlot(m_graph.nodes[*operand->node].name);
        if (module && module->slot == slot)
            return scope + module->path;
    }
    if (std::string name = nodeLayerName(node); !name.empty())
        return name;
    for (const Operand *operand : {&weight, bias ? &*bias : nullptr})
        if (operand != nullptr)
            if (const std::string owner = parameterOwner(baseName(operand->tensor)); !owner.empty())
                return scope + owner;
    if (!node.name.empty())
        return scope + dottedPath(node.name);
    const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    return scope + (output != nullptr ? output->name : fmt::format("{}_{}", node.opType, id));
}

void Planner::addCompute(NodeId id, const ComputeOperator &op)
{
    const Node &node = m_graph.nodes[id];
    if (op.recurrent)
        return addRecurrent(id, op);
    auto weight = operandOf(node.input(op.weight));
    if (!weight && op.otherWeight)
        weight = operandOf(node.input(*op.otherWeight));
    if (!weight)
        return;
    const auto view = m_constants.view(weight->tensor);
    const std::size_t rank = view == nullptr ? 0 : view->shape.size();
    // Gather also picks dimensions out of shapes; only a table of vectors is an embedding.
    if (op.opType == "Gather" && weight->slot.form == Form::Plain && (rank != 2 || !isFloating(view->dtype)))
        return;
    std::optional<Operand> bias = op.bias ? operandOf(node.input(*op.bias)) : std::nullopt;
    const std::size_t layer = claimLayer(computeName(id, *weight, bias));
    PlannedLayer &planned = m_plan.layers[layer];
    planned.kind = kindOf(op, rank);
    planned.nodes.push_back(id);
    if (const Attribute *group = node.attribute("group"); group != nullptr && group->i > 0 && group->i <= INT32_MAX)
        planned.groups = static_cast<int>(group->i);
    weight->slot.slot = Slot::Weight;
    weight->slot.channelAxis = channelAxisOf(node, node.input(op.weight), *weight, rank);
    addSlot(layer, weight->slot, weight->node);
    if (bias) {
        bias->slot.slot = Slot::Bias;
        addSlot(layer, bias->slot, bias->node);
    } else if (op.opType == "MatMul") {
        addBiasBehind(id, planned);
    }
}

/// Where the output channels of the stored weight lie. ConvTranspose has I,O/g,k...; MatMul and Gemm without transB
/// multiply by [in][out], unless a Transpose stands between the quantizer and them (PyTorch stores [out][in] and
/// transposes).
int Planner::channelAxisOf(const Node &node, ValueId operand, const Operand &weight, std::size_t rank) const
{
    if (node.opType == "ConvTranspose")
        return 1;
    const bool gemm = node.opType == "Gemm";
    if (rank != 2 || (!gemm && node.opType != "MatMul"))
        return 0;
    const Attribute *transB = node.attribute("transB");
    bool transposed = gemm && transB != nullptr && transB->i != 0;
    const ValueId end = weight.node && !m_graph.nodes[*weight.node].outputs.empty()
        ? m_graph.nodes[*weight.node].outputs[0]
        : weight.tensor;
    std::size_t steps = 0;
    for (ValueId at = operand; at != end && steps < 64; ++steps) {
        const Node *maker = m_graph.producerOf(at);
        if (maker == nullptr || !keepsValues(*maker))
            break;
        transposed = transposed != (maker->opType == "Transpose");
        at = maker->input(0);
    }
    return transposed ? 0 : 1;
}

/// PyTorch exports a Linear on three axes as MatMul and Add.
void Planner::addBiasBehind(NodeId matMul, PlannedLayer &layer)
{
    const Node &node = m_graph.nodes[matMul];
    const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    if (output == nullptr || output->consumers.size() != 1)
        return;
    const NodeId addId = output->consumers[0];
    const Node &add = m_graph.nodes[addId];
    if (add.opType != "Add" || !add.domain.empty())
        return;
    const ValueId other = add.input(0) == node.outputs[0] ? add.input(1) : add.input(0);
    auto bias = operandOf(other);
    const auto view = bias ? m_constants.view(bias->tensor) : nullptr;
    if (view == nullptr || view->shape.size() != 1)
        return;
    bias->slot.slot = Slot::Bias;
    layer.nodes.push_back(addId);
    addSlot(m_byName.at(layer.name), bias->slot, bias->node);
}

void Planner::noteForeign(const Node &node)
{
    auto &list = m_plan.foreignOperators;
    if (std::find(list.begin(), list.end(), node.opType) == list.end())
        list.push_back(node.opType);
}

void Planner::addForeign(NodeId id, const ForeignOperator &op)
{
    const Node &node = m_graph.nodes[id];
    noteForeign(node);
    auto weight = operandOf(node.input(op.weight));
    if (!weight)
        return;
    auto bias = op.bias ? operandOf(node.input(*op.bias)) : std::nullopt;
    const std::size_t layer = claimLayer(computeName(id, *weight, bias));
    const auto view = m_constants.view(weight->tensor);
    const ComputeOperator shape{op.opType, op.kind, 0, std::nullopt, std::nullopt, false, op.kind == "Conv"};
    m_plan.layers[layer].kind = kindOf(shape, view == nullptr ? 0 : view->shape.size());
    m_plan.layers[layer].nodes.push_back(id);
    for (auto &[operand, name] : {std::pair(&weight, Slot::Weight), std::pair(&bias, Slot::Bias)}) {
        if (!*operand)
            continue;
        (*operand)->slot.slot = name;
        (*operand)->slot.node = id;
        (*operand)->slot.form = Form::Foreign;
        addSlot(layer, (*operand)->slot, (*operand)->node);
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

std::string Planner::activationName(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    if (std::string name = nodeLayerName(node); !name.empty())
        return name;
    if (!node.name.empty())
        return (node.scope.empty() ? "" : node.scope + ":") + dottedPath(node.name);
    const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    return output != nullptr ? output->name : fmt::format("{}_{}", node.opType, id);
}

void Planner::addActivation(NodeId id, Form form)
{
    const Node &node = m_graph.nodes[id];
    PlannedSlot slot;
    slot.form = form;
    slot.node = id;
    slot.value = node.input(0);
    slot.slot = form == Form::Trunc ? Slot::Trunc : Slot::Act;
    std::size_t layer = 0;
    if (const auto module = moduleSlot(node.name)) {
        layer = layerNamed((node.scope.empty() ? "" : node.scope + ":") + module->path);
        slot.slot = module->slot;
    } else {
        const std::string name = activationName(id);
        const auto known = m_byName.find(name);
        const bool behind = known != m_byName.end() && m_plan.layers[known->second].claimed;
        if (behind && !m_plan.layers[known->second].hasSlot(Slot::Output) && form != Form::Trunc)
            slot.slot = Slot::Output;
        // Otherwise a second activation of that name gets a name of its own.
        layer = layerNamed(slot.slot == Slot::Output || known == m_byName.end() ? name : uniqueName(name));
    }
    PlannedLayer &planned = m_plan.layers[layer];
    if (planned.kind.empty())
        planned.kind = activationKindOf(node.input(0));
    addSlot(layer, slot, id);
}

void Planner::addUnclaimed(NodeId id)
{
    auto operand = quantizedOperand(id);
    if (!operand)
        return;
    const Node &node = m_graph.nodes[id];
    const auto module = moduleSlot(node.name);
    std::string name = module ? module->path : parameterOwner(baseName(operand->tensor));
    if (name.empty())
        name = activationName(id);
    operand->slot.slot = module ? module->slot : Slot::Weight;
    const auto known = m_byName.find(name);
    const bool taken = known != m_byName.end() && m_plan.layers[known->second].hasSlot(operand->slot.slot);
    const std::size_t layer = layerNamed(taken ? uniqueName(name) : name);
    if (m_plan.layers[layer].kind.empty()) {
        const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
        const bool used = output != nullptr && !output->consumers.empty();
        m_plan.layers[layer].kind = used ? m_graph.nodes[output->consumers[0]].opType : "Constant";
    }
    addSlot(layer, operand->slot, id);
}

void Planner::addNode(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    if (node.opType == "QuantLSTMCell")
        return addLstmCell(id);
    if (const ComputeOperator *op = findCompute(node))
        return addCompute(id, *op);
    if (const ForeignOperator *op = findForeign(node))
        return addForeign(id, *op);
    if (isForeignQuantizer(node))
        return noteForeign(node);
    const bool activation = isQuant(node) || isBipolar(node) || isTrunc(node) || isQuantize(node);
    if (!activation || m_constants.folder().isConstant(node.input(0)))
        return;
    addActivation(id,
        isQuant(node)         ? Form::Quant
            : isBipolar(node) ? Form::Bipolar
            : isTrunc(node)   ? Form::Trunc
                              : Form::Quantize);
}

Dialect Planner::dialect() const
{
    bool quantize = false, clip = false;
    for (const Node &node : m_graph.nodes) {
        if (isQuant(node) || isBipolar(node) || isTrunc(node) || node.opType == "QuantLSTMCell")
            return Dialect::Qonnx;
        if (!isQuantize(node) && !isDequantize(node))
            continue;
        quantize = true;
        const Node *before = m_graph.producerOf(node.input(0));
        clip = clip || (isDequantize(node) && before != nullptr && before->opType == "Clip")
            || node.name.find("/export_handler") != std::string::npos;
    }
    return !quantize ? Dialect::Onnx : clip ? Dialect::Qcdq : Dialect::Qdq;
}

Plan Planner::run()
{
    const auto count = static_cast<NodeId>(m_graph.nodes.size());
    for (NodeId id = 0; id < count; ++id)
        addNode(id);
    // What no operator above reads: operands of Mul and Add, and of operators that are not known.
    for (NodeId id = 0; id < count; ++id)
        if (m_used.count(id) == 0)
            addUnclaimed(id);
    for (PlannedLayer &layer : m_plan.layers)
        if (layer.kind.empty())
            layer.kind = "Identity";
    m_plan.dialect = dialect();
    return std::move(m_plan);
}

} // namespace quantscope::interpret
