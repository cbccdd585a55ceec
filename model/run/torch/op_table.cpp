#include "run/torch/op_table.h"

#include "run/torch/ops_activation.h"
#include "run/torch/ops_aten.h"
#include "run/torch/ops_comparison.h"
#include "run/torch/ops_convolution.h"
#include "run/torch/ops_detection.h"
#include "run/torch/ops_elementwise.h"
#include "run/torch/ops_generating.h"
#include "run/torch/ops_indexing.h"
#include "run/torch/ops_joining.h"
#include "run/torch/ops_loss.h"
#include "run/torch/ops_normalization.h"
#include "run/torch/ops_padding.h"
#include "run/torch/ops_pooling.h"
#include "run/torch/ops_recurrent.h"
#include "run/torch/ops_reduction.h"
#include "run/torch/ops_resize.h"
#include "run/torch/ops_scatter.h"
#include "run/torch/ops_script.h"
#include "run/torch/ops_sequence.h"
#include "run/torch/ops_shape.h"
#include "run/torch/ops_sorting.h"
#include "run/torch/quant_ops.h"
#include "run/torch/quant_ops_blocks.h"
#include "run/torch/quant_ops_cell.h"
#include "run/torch/quant_ops_finn.h"
#include "run/torch/quant_ops_integer.h"
#include "run/torch/quant_ops_linear.h"
#include "run/torch/quant_ops_packed.h"
#include "run/torch/quant_ops_windows.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The tables of all operators. A new file of operators is a line here.
constexpr std::array kOperatorTables = {
    activationOperators,
    atenOperators,
    blockOperators,
    comparisonOperators,
    convolutionOperators,
    detectionOperators,
    elementwiseOperators,
    finnOperators,
    generatingOperators,
    indexingOperators,
    integerOperators,
    joiningOperators,
    lossOperators,
    normalizationOperators,
    packedOperators,
    paddingOperators,
    poolingOperators,
    quantCellOperators,
    quantOperators,
    quantizeLinearOperators,
    quantizedOperators,
    recurrentOperators,
    reductionOperators,
    resizeOperators,
    scatterOperators,
    scriptOperators,
    sequenceOperators,
    shapeOperators,
    sortingOperators,
    windowOperators,
};

using OperatorName = std::pair<std::string_view, std::string_view>;

std::map<OperatorName, const OpRow *> joinedTables()
{
    std::map<OperatorName, const OpRow *> out;
    for (const auto table : kOperatorTables)
        for (const OpRow &row : table())
            out.emplace(OperatorName(row.domain, row.opType), &row);
    return out;
}

} // namespace

at::Tensor OpCall::tensor(std::size_t position) const
{
    const c10::IValue value = input(position);
    if (!value.isTensor())
        throw RunError(fmt::format("its input {} is {}, where a tensor is needed", position,
            value.isNone() ? "missing" : "of type " + value.tagKind()));
    return value.toTensor();
}

std::string_view runDomain(std::string_view domain)
{
    constexpr std::string_view kQonnx = "qonnx.custom_op.general";
    constexpr std::array<std::string_view, 2> kEarlier = {"onnx.brevitas", "finn.custom_op.general"};
    if (domain == "ai.onnx")
        return "";
    return std::ranges::find(kEarlier, domain) != kEarlier.end() ? kQonnx : domain;
}

const OpRow *operatorRow(std::string_view domain, std::string_view opType)
{
    static const std::map<OperatorName, const OpRow *> known = joinedTables();
    for (const std::string_view named : {runDomain(domain), kAnyDomain})
        if (const auto found = known.find(OperatorName(named, opType)); found != known.end())
            return found->second;
    return nullptr;
}

OpFunction operatorFunction(std::string_view domain, std::string_view opType)
{
    const OpRow *row = operatorRow(domain, opType);
    return row == nullptr ? nullptr : row->function;
}

} // namespace quantscope
