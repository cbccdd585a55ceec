#include "dialects/onnx/decode_qoperator.h"

#include "base/text.h"
#include "dialects/onnx/accumulator_scale.h"
#include "dialects/onnx/channel_axis.h"
#include "dialects/onnx/code_limits.h"
#include "dialects/onnx/code_types.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kOthersNamed = 4;

/// One value, or one a slice along `axis`: a vector, or an array that differs along that axis alone.
Granular alongChannels(const FoldedValue &value, const Shape &tensor, int axis, bool anyPlace, const std::string &label)
{
    if (axis < 0)
        throw NotConstant(fmt::format("{} is one a channel, and no axis of the stored tensor holds those", label));
    const auto at = static_cast<std::size_t>(axis);
    const std::size_t rank = value.shape.size();
    std::vector<std::size_t> wide;
    for (std::size_t i = 0; i < rank; ++i)
        if (value.shape[i] != 1)
            wide.push_back(i);
    if (wide.size() > 1)
        throw NotConstant(
            fmt::format("{} differs along several axes ({}), which is not decoded", label, shapeText(value.shape)));
    // Numpy aligns shapes at their ends; a vector beside an operand belongs to its channels.
    const bool placed = anyPlace || rank == 1 || (wide.size() == 1 && wide[0] + tensor.size() == at + rank);
    if (wide.size() != 1 || !placed || at >= tensor.size() || static_cast<std::int64_t>(value.count()) != tensor[at]) {
        const std::string fitting = fittingAxes(tensor, static_cast<std::int64_t>(value.count()));
        throw ParseError(fmt::format("{} of shape {} does not fit axis {} of {}{}", label, shapeText(value.shape), axis,
            shapeText(tensor), fitting.empty() ? "" : ": its count fits " + fitting));
    }
    Granular out{Shape(tensor.size(), 1), axis, value.floats()};
    out.shape[at] = tensor[at];
    return out;
}

/// A zero point that is no zero has the shape of the scale: the single one of the two is repeated.
void matchShapes(Quantizer &q)
{
    if (!q.scale || !q.zeroPoint || q.scale->perTensor() == q.zeroPoint->perTensor())
        return;
    const bool oneScale = q.scale->perTensor();
    const Granular &many = oneScale ? *q.zeroPoint : *q.scale;
    Granular &one = oneScale ? *q.scale : *q.zeroPoint;
    if (oneScale || one.values[0] != 0)
        one = Granular{many.shape, many.axis, std::vector<float>(many.values.size(), one.values[0])};
}

} // namespace

QOperatorDecoder::Codes QOperatorDecoder::codesAt(ValueId value)
{
    auto tensor = m_constants.view(value);
    if (tensor != nullptr)
        return {tensor, tensor->dtype};
    tensor = m_constants.computed(value);
    return {tensor, m_constants.folder().fold(value).dtype};
}

/// Of an activation, whose rank the file need not say, its own shape stays.
Granular QOperatorDecoder::granularAt(ValueId value, const std::string &label, const SlotQuantizer &out, bool anyPlace)
{
    const FoldedValue &folded = m_constants.folder().fold(value);
    if (folded.count() == 0)
        throw ParseError(label + " is empty");
    if (folded.count() == 1)
        return {{}, std::nullopt, folded.floats()};
    if (out.tensor == nullptr)
        return {folded.shape, 0, folded.floats()};
    return alongChannels(folded, out.shape, out.channelAxis, anyPlace, label);
}

void QOperatorDecoder::setZeroPoint(
    Quantizer &q, const PlannedSlot &slot, const CodePositions &positions, DType container, const SlotQuantizer &out)
{
    const Node &node = m_graph.nodes[slot.node];
    const ValueId value = operandOf(node, positions).zeroPoint;
    if (value == kNoValue) {
        q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
        q.origin["zero_point"] = {Origin::Computed, nodeLabel(node) + " has no zero point: 0"};
        return;
    }
    const std::string label = inputLabel(node, *positions.zeroPoint);
    try {
        const DType dtype = m_constants.folder().fold(value).dtype;
        if (dtype != container)
            throw ParseError(fmt::format("the zero point dtype {} of {} differs from that of the codes, {}",
                dtypeName(dtype), label, dtypeName(container)));
        q.zeroPoint = simplified(granularAt(value, label, out, false), true);
        q.origin["zero_point"] = {Origin::Read, label};
    } catch (const NotConstant &error) {
        sayNotKnown("zero point", out.slot, error.what());
    }
}

/// ConvInteger and MatMulInteger leave their scales to the operators behind them.
void QOperatorDecoder::setScaleBehind(
    Quantizer &q, const PlannedSlot &slot, const CodePositions &input, const SlotQuantizer &out)
{
    const AccumulatorScale found = accumulatorScaleOf(m_constants, slot.node, input);
    if (found.weight == kNoValue)
        throw NotConstant(found.why);
    const Node &reader = m_graph.nodes[found.reader];
    const std::string label = inputLabel(reader, found.input);
    const FoldedValue &folded = m_constants.folder().fold(found.weight);
    // The channels of a convolution's result are its second axis of as many as the weight has.
    const bool convolution = m_graph.nodes[slot.node].opType == "ConvInteger";
    if (convolution && !found.reshaped && folded.count() > 1) {
        const std::size_t rank = out.shape.size();
        const bool placed = folded.shape.size() + 1 >= rank && rank >= 2
            && folded.shape[folded.shape.size() + 1 - rank] == static_cast<std::int64_t>(folded.count());
        if (!placed)
            throw ParseError(fmt::format("{} of shape {} does not differ along the channels of what {} makes", label,
                shapeText(folded.shape), nodeLabel(m_graph.nodes[slot.node])));
    }
    q.scale = granularAt(found.weight, label, out, convolution || found.reshaped);
    q.origin["scale"] = {Origin::Read, scaleDetail(m_constants, found.weight, label)};
}

void QOperatorDecoder::setScale(Quantizer &q, const PlannedSlot &slot, const QOperator &op,
    const CodePositions &positions, const SlotQuantizer &out)
{
    const Node &node = m_graph.nodes[slot.node];
    try {
        if (op.scaledBehind)
            return setScaleBehind(q, slot, otherThan(op, positions), out);
        const std::string label = inputLabel(node, positions.scale.value_or(0));
        const ValueId value = operandOf(node, positions).scale;
        if (value == kNoValue)
            throw ParseError(label + " is missing: it is the scale");
        q.scale = granularAt(value, label, out, false);
        q.origin["scale"] = {Origin::Read, scaleDetail(m_constants, value, label)};
    } catch (const NotConstant &error) {
        sayNotKnown("scale", out.slot, error.what());
    }
}

void QOperatorDecoder::weight(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out)
{
    const CodePositions *positions = operandAt(op, slot.firstInput);
    const Node &node = m_graph.nodes[slot.node];
    const Codes codes = codesAt(slot.value);
    takeTensor(out, codes.tensor);
    if (!codes.tensor->problem.empty())
        return;
    Operand arriving;
    arriving.tensor = slot.value;
    const WeightChain chain = weightChainOf(m_constants, node.input(slot.firstInput), arriving);
    out.channelAxis = channelAxisOf(node, slot.firstInput, chain, out.shape.size());
    out.chain = chain.steps;
    Quantizer q;
    setFullRange(q, codes.container);
    setZeroPoint(q, slot, *positions, codes.container, out);
    if (q.zeroPoint)
        setScale(q, slot, op, *positions, out);
    matchShapes(q);
    out.quantizer = std::move(q);
}

/// Each code of a bias counts products of an input code and a weight code.
Granular QOperatorDecoder::biasScale(const Node &node, const QOperator &op, const TensorInfo &bias)
{
    const std::vector<float> input = m_constants.folder().fold(operandOf(node, op.first).scale).floats();
    const std::vector<float> weight = m_constants.folder().fold(operandOf(node, op.second).scale).floats();
    if (input.size() != 1)
        throw NotConstant(fmt::format("{} has {} values", inputLabel(node, *op.first.scale), input.size()));
    if (weight.empty())
        throw ParseError(inputLabel(node, *op.second.scale) + " is empty");
    const Attribute *alpha = node.attribute("alpha");
    const bool scaled = alpha != nullptr && alpha->kind == Attribute::Kind::Float;
    Granular out{{}, std::nullopt, {}};
    for (const float value : weight) // in the order of ONNX Runtime: (alpha * input) * weight
        out.values.push_back((scaled ? alpha->f * input[0] : input[0]) * value);
    if (out.values.size() <= 1)
        return out;
    const Shape &shape = bias.shape;
    if (shape.empty() || shape.back() != static_cast<std::int64_t>(out.values.size()))
        throw ParseError(fmt::format("its {} scales do not fit its shape {}", out.values.size(), shapeText(shape)));
    out.shape.assign(shape.size(), 1);
    out.shape.back() = shape.back();
    out.axis = static_cast<int>(shape.size()) - 1;
    return out;
}

void QOperatorDecoder::bias(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out)
{
    const Node &node = m_graph.nodes[slot.node];
    const Codes codes = codesAt(slot.value);
    takeTensor(out, codes.tensor);
    if (!codes.tensor->problem.empty())
        return;
    if (codes.container != DType::Int32)
        throw ParseError(fmt::format("{} has the type {}, a bias of codes is int32", inputLabel(node, slot.firstInput),
            dtypeName(codes.container)));
    Quantizer q;
    setFullRange(q, codes.container);
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.origin["zero_point"] = {Origin::Computed, nodeLabel(node) + ": a bias has no zero point"};
    sayBiasWidthLost(m_diagnostics, m_layer, slot.slot, dtypeName(codes.container));
    try {
        q.scale = biasScale(node, op, *codes.tensor);
        q.origin["scale"] = {Origin::Computed,
            fmt::format("{}: {}scale of its input (input {}) times that of its weight (input {})", nodeLabel(node),
                node.attribute("alpha") != nullptr ? "alpha times " : "", *op.first.scale, *op.second.scale)};
    } catch (const NotConstant &error) {
        sayNotKnown("scale", slot.slot, error.what());
    }
    out.quantizer = std::move(q);
}

/// The type of codes that the network computes: that of their zero point, else as far as the graph tells.
DType QOperatorDecoder::containerOf(const Node &node, const QOperator &op, const CodePositions &positions)
{
    const CodedOperand operand = operandOf(node, positions);
    if (operand.zeroPoint != kNoValue)
        return m_constants.folder().fold(operand.zeroPoint).dtype;
    // Without one, input and output of these operators have one type.
    const ValueId codes = operand.codes != kNoValue ? operand.codes : operandOf(node, op.first).codes;
    return typeOfCodes(m_constants, codes);
}

/// Quantizers of an operator's other operands, where they differ from the one that is shown.
std::string QOperatorDecoder::othersText(const Node &node, const QOperator &op, const CodePositions &shown)
{
    std::vector<CodePositions> others;
    if (op.role == QOperator::Role::Elementwise)
        others.push_back(otherThan(op, shown));
    else if (op.opType == "QLinearConcat")
        for (std::size_t input = *shown.codes + 3; input < node.inputs.size(); input += 3)
            others.push_back({input, input + 1, input + 2});
    const auto numbers = [&](const CodePositions &positions) {
        const CodedOperand operand = operandOf(node, positions);
        const auto text = [&](ValueId value) -> std::string {
            if (value == kNoValue)
                return "0";
            const std::vector<float> values = m_constants.folder().fold(value).floats();
            return values.size() == 1 ? shortest(values[0]) : fmt::format("({} values)", values.size());
        };
        return fmt::format("scale {}, zero point {}", text(operand.scale), text(operand.zeroPoint));
    };
    std::string out;
    std::size_t named = 0;
    try {
        const std::string own = numbers(shown);
        for (const CodePositions &other : others)
            if (const std::string text = numbers(other); text != own && named++ < kOthersNamed)
                out += fmt::format("; of input {} {}", *other.codes, text);
    } catch (const NotConstant &) {
        return out + "; of other inputs not constant";
    }
    return named > kOthersNamed ? out + "; ..." : out;
}

void QOperatorDecoder::activation(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out)
{
    const Node &node = m_graph.nodes[slot.node];
    const bool output = slot.slot == Slot::Output;
    const CodePositions *operand = output ? nullptr : operandAt(op, slot.firstInput);
    const CodePositions &positions = operand != nullptr ? *operand : op.output;
    const DType container = containerOf(node, op, positions);
    Quantizer q;
    q.rule = CodeRule::DivideRoundAdd;
    q.origin["rounding"] = {Origin::Computed, std::string(op.opType) + " rounds half to even"};
    if (container == DType::Unknown)
        m_diagnostics.push_back({"code-type-not-known", Severity::Warning, {m_layer.id, slot.slot},
            fmt::format(
                "Bits and sign of {} ({}) are not known: {} has no zero point there, whose type would say them.",
                printable(m_layer.name), slot.slot, nodeLabel(node))});
    else
        setFullRange(q, container);
    if (q.kind == QuantizerKind::Minifloat)
        throw ParseError(fmt::format("codes of the type {} are not decoded for activations", dtypeName(container)));
    q.rule = CodeRule::DivideRoundAdd;
    setZeroPoint(q, slot, positions, container, out);
    if (q.zeroPoint)
        setScale(q, slot, op, positions, out);
    matchShapes(q);
    if (q.scale && !output)
        q.origin["scale"].detail += othersText(node, op, positions);
    out.quantizer = std::move(q);
}

void QOperatorDecoder::operand(const PlannedSlot &slot, SlotQuantizer &out)
{
    const QOperator *op = findQOperator(m_graph.nodes.at(slot.node));
    if (op == nullptr)
        return;
    if (!slot.constant)
        return activation(slot, *op, out);
    return slot.slot == Slot::Bias ? bias(slot, *op, out) : weight(slot, *op, out);
}

} // namespace quantscope::interpret
