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

struct Row {
    std::string_view opType;
    Function function;
};

constexpr std::array kTable = {
    Row{"Identity", identity},
    Row{"Cast", castTo},
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
    Row{"Reshape", reshape},
    Row{"Flatten", flatten},
    Row{"Squeeze", squeeze},
    Row{"Unsqueeze", unsqueeze},
    Row{"Transpose", transpose},
    Row{"Concat", concat},
    Row{"Gather", gather},
    Row{"Expand", expand},
    Row{"Shape", shapeOf},
    Row{"ConstantOfShape", constantOfShape},
    Row{"Sign", signOf},
    Row{"Greater", greater},
    Row{"GreaterOrEqual", greaterOrEqual},
    Row{"Less", less},
    Row{"LessOrEqual", lessOrEqual},
    Row{"Not", logicalNot},
    Row{"Where", where},
    Row{"Relu", relu},
    Row{"ReduceMax", reduceMaximum},
    Row{"ReduceMin", reduceMinimum},
};

} // namespace

Function findFunction(const Node &node)
{
    if (isQuantizeLinear(node))
        return quantizeLinear;
    if (isDequantizeLinear(node))
        return dequantizeLinear;
    if (node.domain == "aten")
        return findAten(node.opType);
    if (!node.domain.empty())
        return nullptr;
    const auto found
        = std::find_if(kTable.begin(), kTable.end(), [&](const Row &row) { return row.opType == node.opType; });
    return found == kTable.end() ? nullptr : found->function;
}

Function findSum(const Node &node) { return node.domain.empty() && node.opType == "ReduceMean" ? reduceMean : nullptr; }

} // namespace quantscope::folding
