#include "dialects/folding/fold_table.h"

#include "dialects/folding/fold_elementwise.h"
#include "dialects/folding/fold_quantize.h"
#include "dialects/folding/fold_shape_ops.h"

#include <map>
#include <string_view>

namespace quantscope::folding {

Function findFunction(const Node &node)
{
    static const std::map<std::string_view, Function> kTable = {
        {"Identity", identity},
        {"Cast", castTo},
        {"Add", add},
        {"Sub", subtract},
        {"Mul", multiply},
        {"Div", divide},
        {"Pow", power},
        {"Neg", negate},
        {"Abs", absolute},
        {"Exp", exponential},
        {"Log", logarithm},
        {"Sqrt", squareRoot},
        {"Reciprocal", reciprocal},
        {"Min", minimum},
        {"Max", maximum},
        {"Round", roundHalfEven},
        {"Floor", roundDown},
        {"Ceil", roundUp},
        {"Clip", clip},
        {"Reshape", reshape},
        {"Flatten", flatten},
        {"Squeeze", squeeze},
        {"Unsqueeze", unsqueeze},
        {"Transpose", transpose},
        {"Concat", concat},
        {"Gather", gather},
        {"Expand", expand},
        {"Shape", shapeOf},
        {"ConstantOfShape", constantOfShape},
        {"QuantizeLinear", quantizeLinear},
        {"DequantizeLinear", dequantizeLinear},
    };
    if (!node.domain.empty())
        return nullptr;
    const auto found = kTable.find(node.opType);
    return found == kTable.end() ? nullptr : found->second;
}

} // namespace quantscope::folding
