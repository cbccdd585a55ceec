#include "dialects/onnx/operands.h"

#include "base/text.h"
#include "dialects/onnx/binarization.h"
#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/finn_planner.h"
#include "dialects/onnx/names.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace quantscope::interpret {

ValueId Operands::baseTensor(ValueId value) const
{
    for (int step = 0; step < 64; ++step) {
        const Node *node = m_graph.producerOf(value);
        if (node == nullptr || !(keepsValues(*node) || node->opType == "Clip" || isQuantize(*node)))
            return value;
        value = node->input(0);
    }
    return kNoValue;
}

std::string Operands::baseName(ValueId value) const
{
    const Value *v = m_graph.value(baseTensor(value));
    return v != nullptr && v->tensor ? v->name : std::string();
}

std::optional<Operand> Operands::quantizedBy(NodeId id)
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
    else if (isFixNeuron(node))
        out.slot.form = Form::FixNeuron;
    else if (isDynamicQuantize(node))
        out.slot.form = Form::Dynamic;
    else if (isQuantize(node))
        out.slot.form = Form::Quantize;
    else if (isFloatQuant(node))
        out.slot.form = Form::FloatQuant;
    else if (isForeignQuantizer(node))
        out.slot.form = Form::Foreign;
    else
        return std::nullopt;
    out.slot.value = out.slot.form == Form::Foreign ? out.tensor : node.input(0);
    if (!m_constants.paths().isStored(node.input(0)))
        return std::nullopt;
    if (const Value *base = m_graph.value(out.tensor); base == nullptr || !base->tensor)
        out.tensor = m_constants.paths().tensorBehind(node.input(0));
    return out;
}

/// A quantizer of elementwise operators, whose last one makes that value.
std::optional<Operand> Operands::writtenOut(ValueId value)
{
    if (!m_constants.paths().isStored(value))
        return std::nullopt;
    Operand out;
    out.slot.constant = true;
    out.slot.value = value;
    out.tensor = m_constants.paths().tensorBehind(value);
    if (const auto sign = binarizationOf(m_constants, value)) {
        out.slot.form = Form::Sign;
        out.node = out.slot.node = sign->last;
        return out;
    }
    if (const auto fake = fakeQuantizationOf(m_constants, value)) {
        out.slot.form = Form::Fake;
        out.node = out.slot.node = fake->last().node;
        return out;
    }
    return std::nullopt;
}

Operand Operands::unknown(ValueId value) const
{
    const ConstantPaths &paths = m_constants.paths();
    const auto unknown = paths.unknownAbove(value);
    const auto maker = m_graph.value(value)->producer;
    Operand out;
    out.slot.form = Form::Unknown;
    out.slot.value = value;
    out.slot.constant = true;
    out.slot.node = unknown ? *unknown : paths.rounderAbove(value).value_or(maker.value_or(0));
    if (paths.isStored(value))
        out.node = out.slot.node;
    out.tensor = paths.isStored(value) ? paths.tensorBehind(value) : paths.mixedAbove(value).tensor;
    return out;
}

/// A stored weight that is rounded with numbers that the network computes. With constant numbers it is the quantizer of
/// an activation, to which a stored table was added.
std::optional<Operand> Operands::roundedInPart(ValueId value) const
{
    const ConstantPaths::Mixed mixed = m_constants.paths().mixedAbove(value);
    if (!mixed.rounder || mixed.tensor == kNoValue || fakeQuantizationOf(m_constants, value))
        return std::nullopt;
    return unknown(value);
}

/// The nearest annotation from what an operator reads up to the tensor.
const Value *Operands::typedFrom(ValueId value, ValueId tensor) const
{
    for (int step = 0; step < 64; ++step) {
        const Value *at = m_graph.value(value);
        if (at != nullptr && saysFinnType(*at))
            return at;
        const Node *maker = m_graph.producerOf(value);
        if (value == tensor || maker == nullptr)
            return nullptr;
        value = maker->input(0);
    }
    return nullptr;
}

std::optional<Operand> Operands::at(ValueId value)
{
    const Source source = sourceOf(m_graph, value);
    if (source.node) {
        // Codes without their scale are no weight: what makes them is told where nothing else is.
        if (auto quantized = quantizedBy(*source.node);
            quantized && quantized->slot.form != Form::Quantize && quantized->slot.form != Form::Dynamic)
            return quantized;
        if (auto quantized = writtenOut(source.value))
            return quantized;
    }
    if (!m_constants.paths().isStored(source.value))
        return roundedInPart(source.value);
    const ConstantPaths &paths = m_constants.paths();
    if (!m_constants.folder().isConstant(source.value) || paths.rounderAbove(source.value)
        || (source.node && paths.restsOnCodes(source.value)))
        return unknown(source.value);
    Operand out;
    out.slot.form = Form::Plain;
    out.slot.value = source.value;
    out.slot.constant = true;
    out.tensor = source.value;
    const Value *v = m_graph.value(source.value);
    if (v != nullptr && (v->scale != kNoValue || v->zeroPoint != kNoValue)) {
        out.slot.form = Form::Annotated;
    } else if (const Value *typed = typedFrom(value, source.value)) {
        out.slot.form = Form::Finn;
        out.slot.datatype = typed->finnDatatype;
        out.slot.said = fmt::format("finn_datatype of {}", printable(typed->name));
    }
    return out;
}

std::optional<Operand> Operands::weightAt(ValueId value)
{
    auto out = at(value);
    if (out)
        return out;
    const bool parameter = std::ranges::find(m_graph.inputs, value) != m_graph.inputs.end();
    // What is neither made nor an input of the whole graph is handed over by the operator that holds this one.
    return m_graph.producerOf(value) != nullptr || parameter ? std::optional(unknown(value)) : std::nullopt;
}

void Operands::dequantizePicked(const Node &gather, Operand &table)
{
    const auto view
        = gather.opType == "Gather" && table.slot.form == Form::Plain ? m_constants.view(table.tensor) : nullptr;
    const Value *picked = gather.outputs.empty() ? nullptr : m_graph.value(gather.outputs[0]);
    if (view == nullptr || !isInteger(view->dtype) || picked == nullptr)
        return;
    const auto reader = std::ranges::find_if(picked->consumers,
        [&](NodeId id) { return isDequantize(m_graph.nodes[id]) && m_graph.nodes[id].input(0) == gather.outputs[0]; });
    if (reader == picked->consumers.end())
        return;
    table.slot.form = Form::Picked;
    table.slot.node = *reader;
}

std::optional<Operand> Operands::weightOf(
    const Node &node, std::size_t &input, std::optional<std::size_t> other, bool always)
{
    auto weight = always ? weightAt(node.input(input)) : at(node.input(input));
    if (!weight && other)
        weight = at(node.input(input = *other));
    return weight;
}

std::optional<Operands::BiasBehind> Operands::biasBehind(NodeId product)
{
    const Node &node = m_graph.nodes[product];
    const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    if (output == nullptr || output->consumers.size() != 1)
        return std::nullopt;
    const NodeId addId = output->consumers[0];
    const Node &add = m_graph.nodes[addId];
    if (add.opType != "Add" || !add.domain.empty())
        return std::nullopt;
    const ValueId other = add.input(0) == node.outputs[0] ? add.input(1) : add.input(0);
    auto bias = at(other);
    const auto view = bias ? m_constants.view(bias->tensor) : nullptr;
    if (view == nullptr || view->shape.size() != 1)
        return std::nullopt;
    return BiasBehind{addId, std::move(*bias)};
}

void Operands::addBias(std::size_t layer, std::optional<Operand> bias, std::optional<NodeId> product)
{
    if (!bias && product)
        if (auto behind = biasBehind(*product)) {
            m_plan.layer(layer).nodes.push_back(behind->add);
            bias = std::move(behind->bias);
        }
    if (!bias)
        return;
    bias->slot.slot = Slot::Bias;
    m_plan.addSlot(layer, bias->slot, bias->node);
}

/// A tensor of the whole file that a function reads is known by its own name, whichever call hands it over.
bool Operands::isHandedToCall(const Node &node, ValueId operand) const
{
    const Value *v = m_graph.value(baseTensor(operand));
    return node.scope.find("function ") != std::string::npos && v != nullptr && v->tensor
        && m_constants.file().tensors[*v->tensor].name == v->name;
}

std::string Operands::layerName(NodeId id, const Operand &weight, const std::optional<Operand> &bias) const
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
                return isHandedToCall(node, operand->tensor) ? owner : scope + owner;
    if (!node.name.empty())
        return scope + dottedPath(node.name);
    const Value *output = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    return scope + (output != nullptr ? output->name : fmt::format("{}_{}", node.opType, id));
}

std::string activationName(const Graph &graph, NodeId id)
{
    const Node &node = graph.nodes[id];
    if (std::string name = nodeLayerName(node); !name.empty())
        return name;
    if (!node.name.empty())
        return (node.scope.empty() ? "" : node.scope + ":") + dottedPath(node.name);
    const Value *output = node.outputs.empty() ? nullptr : graph.value(node.outputs[0]);
    return output != nullptr ? output->name : fmt::format("{}_{}", node.opType, id);
}

} // namespace quantscope::interpret
