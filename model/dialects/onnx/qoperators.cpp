#include "dialects/onnx/qoperators.h"

#include <algorithm>
#include <array>

namespace quantscope::interpret {

namespace {

using QRole = QOperator::Role;
constexpr auto kAbsent = std::nullopt;

constexpr CodePositions operandFrom(std::size_t codes) { return {codes, codes + 1, codes + 2}; }
constexpr CodePositions outputFrom(std::size_t scale) { return {kAbsent, scale, scale + 1}; }

/// onnx Operators.md; onnxruntime ContribOperators.md.
constexpr std::array kQOperators = {
    QOperator{"QLinearConv", "Conv", QRole::Weight, operandFrom(0), operandFrom(3), outputFrom(6), 8, true},
    QOperator{
        "QLinearMatMul", "Linear", QRole::Product, operandFrom(0), operandFrom(3), outputFrom(6), kAbsent, false, true},
    QOperator{"ConvInteger", "Conv", QRole::Weight, {0, kAbsent, 2}, {1, kAbsent, 3}, {}, kAbsent, false, false, true},
    QOperator{
        "MatMulInteger", "Linear", QRole::Product, {0, kAbsent, 2}, {1, kAbsent, 3}, {}, kAbsent, false, true, true},
    QOperator{"MatMulInteger16", "Linear", QRole::Product, {0, kAbsent, kAbsent}, {1, kAbsent, kAbsent}, {}, kAbsent,
        false, true, true},
    QOperator{"QGemm", "Linear", QRole::Product, operandFrom(0), operandFrom(3), outputFrom(7), 6, true, true},
    QOperator{"DynamicQuantizeMatMul", "Linear", QRole::Weight, {0, kAbsent, kAbsent}, {1, 2, 3}, {}, 4, false, true},
    QOperator{"MatMulIntegerToFloat", "Linear", QRole::Product, {0, 2, 4}, {1, 3, 5}, {}, 6, false, true},
    QOperator{"QAttention", "Attention", QRole::Weight, {0, 3, 6}, {1, 4, 7}, {}, 2, false, true},
    QOperator{"QLinearAdd", "Add", QRole::Elementwise, operandFrom(0), operandFrom(3), outputFrom(6)},
    QOperator{"QLinearMul", "Mul", QRole::Elementwise, operandFrom(0), operandFrom(3), outputFrom(6)},
    QOperator{"QLinearWhere", "Where", QRole::Elementwise, operandFrom(1), operandFrom(4), outputFrom(7)},
    QOperator{"QLinearSigmoid", "Sigmoid", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearLeakyRelu", "LeakyReLU", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearSoftmax", "Softmax", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearAveragePool", "AvgPool2d", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearGlobalAveragePool", "AdaptiveAvgPool2d", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearReduceMean", "ReduceMean", QRole::Activation, operandFrom(0), {}, outputFrom(3)},
    QOperator{"QLinearConcat", "Concat", QRole::Activation, operandFrom(2), {}, outputFrom(0)},
};

/// What ONNX Runtime writes: optimised graphs repeat operators in domains of its own.
bool isRuntimeDomain(std::string_view domain)
{
    return domain.empty() || domain.starts_with("com.microsoft") || domain.starts_with("com.ms.internal");
}

ValueId inputAtPosition(const Node &node, std::optional<std::size_t> position)
{
    return position ? node.input(*position) : kNoValue;
}

} // namespace

const QOperator *findQOperator(const Node &node)
{
    if (!isRuntimeDomain(node.domain))
        return nullptr;
    const auto found = std::ranges::find(kQOperators, std::string_view(node.opType), &QOperator::opType);
    return found == kQOperators.end() ? nullptr : &*found;
}

bool isMatMulNBits(const Node &node) { return node.opType == "MatMulNBits" && isRuntimeDomain(node.domain); }

bool isGatherBlocks(const Node &node) { return node.opType == "GatherBlockQuantized" && isRuntimeDomain(node.domain); }

bool isDynamicQuantize(const Node &node)
{
    return node.opType == "DynamicQuantizeLinear" && isRuntimeDomain(node.domain);
}

CodedOperand operandOf(const Node &node, const CodePositions &positions)
{
    return {inputAtPosition(node, positions.codes), inputAtPosition(node, positions.scale),
        inputAtPosition(node, positions.zeroPoint)};
}

const CodePositions *operandAt(const QOperator &op, std::size_t input)
{
    for (const CodePositions *operand : {&op.first, &op.second})
        if (operand->codes == input)
            return operand;
    return nullptr;
}

const CodePositions &otherThan(const QOperator &op, const CodePositions &operand)
{
    return operand.codes == op.first.codes ? op.second : op.first;
}

} // namespace quantscope::interpret
