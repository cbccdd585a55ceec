#include "dialects/folding/fold_table.h"

#include "dialects/folding/fold_aten.h"
#include "dialects/folding/fold_compare.h"
#include "dialects/folding/fold_elementwise.h"
#include "dialects/folding/fold_quantize.h"
#include "dialects/folding/fold_shape_ops.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace quantscope::folding {

namespace {

enum class Does { Compute, Move, Divide };

struct Row {
    std::string_view opType;
    Function function;
    Does does = Does::Compute; ///< Move: elements are moved, and none is computed; Divide: so into several outputs
};

constexpr std::array kTable = {
    Row{"Identity", identity, Does::Move},
    Row{"Cast", castTo, Does::Move},
    Row{"Add", add},
    Row{"Sub", subtract},
    Row{"Mul", multiply},
    Row{"Div", divide},
    Row{"Pow", power},
    Row{"Neg", negate},
    Row{"Abs", absolute},
    Row{"Exp", exponential},
    Row{"Log", logarithm},
    Row{"Sqrt", squareRoot},
    Row{"Reciprocal", reciprocal},
    Row{"Min", minimum},
    Row{"Max", maximum},
    Row{"Round", roundHalfEven},
    Row{"Floor", roundDown},
    Row{"Ceil", roundUp},
    Row{"Clip", clip},
    Row{"Reshape", reshape, Does::Move},
    Row{"Flatten", flatten, Does::Move},
    Row{"Squeeze", squeeze, Does::Move},
    Row{"Unsqueeze", unsqueeze, Does::Move},
    Row{"Transpose", transpose, Does::Move},
    Row{"Concat", concat, Does::Move},
    Row{"Gather", gather, Does::Move},
    Row{"Expand", expand, Does::Move},
    Row{"Slice", slice, Does::Move},
    Row{"Split", split, Does::Divide},
    Row{"CastLike", castLike, Does::Move},
    Row{"Dropout", identity, Does::Move},
    Row{"Shape", shapeOf, Does::Move},
    Row{"Size", sizeOf, Does::Move},
    Row{"ConstantOfShape", constantOfShape, Does::Move},
    Row{"Sign", signOf},
    Row{"Greater", greater},
    Row{"GreaterOrEqual", greaterOrEqual},
    Row{"Less", less},
    Row{"LessOrEqual", lessOrEqual},
    Row{"Equal", equal},
    Row{"And", logicalAnd},
    Row{"Or", logicalOr},
    Row{"Xor", logicalXor},
    Row{"Not", logicalNot},
    Row{"Where", where, Does::Move},
    Row{"Relu", relu},
    Row{"ReduceMax", reduceMaximum},
    Row{"ReduceMin", reduceMinimum},
};

Row quantizing(const Node &node)
{
    if (isQuantizeLinear(node))
        return {"QuantizeLinear", quantizeLinear};
    if (isDequantizeLinear(node))
        return {"DequantizeLinear", dequantizeLinear};
    return node.domain.empty() && node.opType == "DynamicQuantizeLinear"
        ? Row{"DynamicQuantizeLinear", dynamicQuantizeLinear, Does::Divide}
        : Row{"", nullptr};
}

Row rowOf(const Node &node)
{
    if (const Row row = quantizing(node); row.function != nullptr)
        return row;
    if (node.domain == "aten")
        return {"", findAten(node.opType)};
    const auto found
        = std::find_if(kTable.begin(), kTable.end(), [&](const Row &row) { return row.opType == node.opType; });
    return found == kTable.end() || !node.domain.empty() ? Row{"", nullptr} : *found;
}

} // namespace

Function findFunction(const Node &node) { return rowOf(node).function; }
bool movesElements(const Node &node) { return rowOf(node).does != Does::Compute; }
bool hasManyOutputs(const Node &node) { return rowOf(node).does == Does::Divide; }

Function findSum(const Node &node)
{
    if (!node.domain.empty())
        return nullptr;
    return node.opType == "ReduceMean" ? reduceMean : node.opType == "ReduceSum" ? reduceSum : nullptr;
}

} // namespace quantscope::folding
